/** Hands a file to the browser's downloads. */
export function saveAs(name: string, type: string, parts: BlobPart[]): void {
  const url = URL.createObjectURL(new Blob(parts, { type }))
  const link = document.createElement('a')
  link.href = url
  // What a name may not hold on some system is written as a line.
  link.download = name.replace(/[^\w.@+-]+/g, '_')
  link.click()
  window.setTimeout(() => URL.revokeObjectURL(url), 10_000)
}
