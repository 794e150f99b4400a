import { Controller, Get, Query } from '@nestjs/common'
import { type Answer, Context, Endpoint, RequestContext } from '#libs/platform'
import { Queries } from '../http/queries.js'
import { SearchQuery } from './search.dto.js'
import { searchRecords } from './search.queries.js'
import { SearchPage } from './search-answers.dto.js'

/** Finding a record by what it speaks of. */
@Controller('search')
export class SearchController {
  constructor(private readonly queries: Queries) {}

  @Get()
  @Endpoint({
    summary:
      'Incidents and changes by their words: number, title, description, comments and, for the desk, work notes, plans and problems',
    description:
      'Best first: names before titles before other texts, whole words before parts of them, then the newest.',
    roles: 'any',
    query: SearchQuery,
    answer: SearchPage,
  })
  search(@Query() query: SearchQuery, @Context() { principal }: RequestContext): Promise<Answer> {
    return this.queries.answer(searchRecords, { ...query, principal })
  }
}
