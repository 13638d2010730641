/** How far the published trust has come: `seq` of the trust bundle. It is public; its signature is for verifiers to check. */
export async function trustSequence(): Promise<number> {
  const response = await fetch('/v1/trust-bundle')
  if (!response.ok) throw new Error('the trust bundle cannot be had')
  const payload = (await response.text()).split('.')[1] ?? ''
  const claims: unknown = JSON.parse(atob(payload.replaceAll('-', '+').replaceAll('_', '/')))
  if (typeof claims === 'object' && claims !== null && 'seq' in claims && typeof claims.seq === 'number')
    return claims.seq
  throw new Error('the trust bundle has no sequence')
}
