import { type UnitName, units } from './draft'

/** What a life is counted in. */
export function UnitSelect({ value, onChange }: { value: UnitName; onChange(unit: UnitName): void }) {
  return (
    <select aria-label="Unit of time" value={value} onChange={(event) => onChange(event.target.value as UnitName)}>
      {Object.keys(units).map((unit) => (
        <option key={unit}>{unit}</option>
      ))}
    </select>
  )
}
