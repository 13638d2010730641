import { Link } from 'react-router'
import { api, body } from '../../api/client'
import { given, useList } from '../../api/lists'
import { Guarded } from '../../app/guarded'
import { useMay } from '../../app/session'
import { Card } from '../../ui/card'
import { Empty } from '../../ui/empty'
import { Listing } from '../../ui/listing'
import { Page } from '../../ui/page'
import { ChoiceFilter, TextFilter, useFilters } from '../../ui/search'
import { PassportTable } from './passport-table'

const states = [
  ['', 'Any'],
  ['live', 'Live'],
  ['revoked', 'Revoked'],
  ['expired', 'Expired'],
] as const

type StateName = 'live' | 'revoked' | 'expired'

export function Passports() {
  return (
    <Guarded needs="passports.read" title="Passports">
      <PassportList />
    </Guarded>
  )
}

function PassportList() {
  const may = useMay()
  const { get, set, clear } = useFilters()
  const state = get('state') === '' ? undefined : (get('state') as StateName)
  const query = given({
    agentId: get('agentId'),
    template: get('template'),
    keyId: get('keyId'),
    expiresBefore: get('expiresBefore'),
    text: get('text'),
    state,
  })
  const list = useList(['passports', query], (cursor) =>
    body(api.GET('/v1/passports', { params: { query: { ...query, ...given({ cursor }) } } })),
  )
  const issue = may('passports.issue') && (
    <Link className="button is-first" to="/issue">
      Issue a passport
    </Link>
  )
  return (
    <Page
      title="Passports"
      lead="What was issued. The token itself is shown once, when it is made, and kept nowhere."
      actions={issue}
    >
      <div className="toolbar">
        <TextFilter
          label="Search"
          placeholder="A part of passport or agent id"
          value={get('text')}
          onChange={(text) => set('text', text)}
        />
        <ChoiceFilter label="State" value={get('state')} options={states} onChange={(value) => set('state', value)} />
        {(['agentId', 'template', 'keyId', 'expiresBefore'] as const).map(
          (name) =>
            get(name) !== '' && (
              <button key={name} type="button" className="button" onClick={() => set(name, '')}>
                {filterWords[name]} {get(name).slice(0, 24)} <span aria-hidden="true">×</span>
                <span className="sr">, leave this filter out</span>
              </button>
            ),
        )}
      </div>
      <Card>
        <Listing
          of={list}
          items={list.items}
          what="the passports"
          narrowed={Object.keys(query).length > 0 && { title: 'No passport is like that', clear }}
          empty={
            <Empty title="No passport was issued yet" action={issue}>
              A passport says what an agent may do, on what, within which limits and until when.
            </Empty>
          }
        >
          {(passports) => <PassportTable passports={passports} agent />}
        </Listing>
      </Card>
    </Page>
  )
}

const filterWords = { agentId: 'agent', template: 'template', keyId: 'key', expiresBefore: 'ends before' } as const
