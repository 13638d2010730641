export function templatePath(name: string): string {
  return `/templates/of/${encodeURIComponent(name)}`
}
