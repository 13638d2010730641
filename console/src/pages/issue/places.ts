import type { Template } from '../../api/client'
import type { Fault } from '../../api/problem'
import { type Draft, keeps, pointerPart } from './draft'

/** The pointers that a field of the form stands for. */
export function placesOf(draft: Draft, template: Template | undefined): string[] {
  const places = ['/agentId', '/audience', '/expiresIn', '/onBehalfOf', '/renewUntil']
  if (template !== undefined)
    return [...places, ...Object.keys(template.parameters).map((name) => `/parameters/${pointerPart(name)}`)]
  for (const [index, grant] of draft.grants.entries()) {
    const at = `/grants/${index}`
    places.push(`${at}/resource`, `${at}/allowedActions`, `${at}/blockedActions`)
    places.push(...Object.values(keeps).flatMap(({ member }) => (member === undefined ? [] : [`${at}/${member}`])))
    for (const { attribute, operator } of grant.constraints) {
      if (attribute.trim() !== '') places.push(`${at}/constraints/${pointerPart(attribute.trim())}/${operator}`)
    }
  }
  return places
}

/** The mistakes that no field shows, so that none is lost. */
export function unplaced(faults: readonly Fault[], places: readonly string[]): Fault[] {
  const exact = new Set([...places].flatMap((place) => [place, ...ownersOf(place)]))
  return faults.filter(({ pointer }) => !exact.has(pointer) && !places.some((place) => pointer.startsWith(`${place}/`)))
}

/** A grant shows what is said of it as a whole, and a limit what is said of its attribute. */
function ownersOf(place: string): string[] {
  const grant = /^\/grants\/\d+/.exec(place)?.[0]
  if (grant === undefined) return []
  const attribute = /^\/grants\/\d+\/constraints\/[^/]+/.exec(place)?.[0]
  return [grant, `${grant}/approvers`, `${grant}/requiresApproval`, ...(attribute === undefined ? [] : [attribute])]
}
