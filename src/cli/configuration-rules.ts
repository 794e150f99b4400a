import { changeDecider } from '../changes/domain/change.decider.js'
import { ciNumbers } from '../configuration/configuration.records.js'
import { ciDecider } from '../configuration/domain/ci.decider.js'
import { knownCi, observedCi } from '../configuration/domain/ci.import.js'
import { ciNameDecider, ciNameId } from '../configuration/domain/ci-name.decider.js'
import { normalised, relationDecider, relationId } from '../configuration/domain/relation.decider.js'
import { observedRelation } from '../configuration/domain/relation.import.js'
import type { ConfigurationRules } from '../imports/configuration/history-rules.js'
import { ciClassesDecider } from '../settings/domain/ci-classes.js'
import { DEFAULT_CI_CLASSES, DEFAULT_CI_RELATION_TYPES } from '../settings/domain/ci-defaults.js'

/** What an import of a configuration's history decides by. */
export const configurationRules: ConfigurationRules = {
  change: changeDecider,
  ci: {
    initial: ciDecider.initial,
    evolve: ciDecider.evolve,
    observe: observedCi,
    known: knownCi,
    numbers: ciNumbers,
  },
  ciName: { streamPrefix: ciNameDecider.streamPrefix, id: ciNameId },
  relation: {
    initial: relationDecider.initial,
    evolve: relationDecider.evolve,
    observe: observedRelation,
    normalised,
    id: relationId,
  },
  classes: ciClassesDecider,
  defaultClasses: DEFAULT_CI_CLASSES,
  defaultRelationTypes: DEFAULT_CI_RELATION_TYPES,
}
