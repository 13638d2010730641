import { Link } from 'react-router'
import { Empty } from '../ui/empty'
import { Page } from '../ui/page'

export function NotFound() {
  return (
    <Page title="Nothing is here">
      <Empty title="There is no page at this address" action={<Link to="/">Go to the overview</Link>}>
        It may have been typed wrongly, or your passport may not allow what is on it.
      </Empty>
    </Page>
  )
}
