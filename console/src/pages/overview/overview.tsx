import { useMay } from '../../app/session'
import { Page } from '../../ui/page'
import { Segments } from '../../ui/segments'
import { Alarms } from './alarms'
import { Decisions } from './decisions'
import { Denials } from './denials'
import { Ending } from './ending'
import { FirstSteps } from './first-steps'
import { KeysInShort } from './keys-in-short'
import { type RangeName, ranges, useRange } from './range'
import { Verifiers } from './verifiers'
import './overview.css'

const options = Object.entries(ranges).map(([value, { name }]) => [value as RangeName, name] as const)

export function Overview() {
  const may = useMay()
  const [range, setRange] = useRange()
  const audit = may('audit.read')
  return (
    <Page
      title="Overview"
      actions={
        audit && <Segments label="Span of time" name="range" value={range.name} options={options} onChange={setRange} />
      }
    >
      <FirstSteps />
      {audit && <Decisions range={range} />}
      {audit && <Denials range={range} />}
      <div className="grid-2">
        {may('passports.read') && <Ending />}
        {may('keys.read') && <KeysInShort />}
        {audit && <Verifiers />}
        {audit && <Alarms />}
      </div>
    </Page>
  )
}
