import { Body, Controller, Get, Param, Put } from '@nestjs/common'
import { IsIn } from 'class-validator'
import type { Command, CommandMetadata } from '#libs/event-sourcing'
import {
  type Answer,
  Context,
  type DtoClass,
  Endpoint,
  type EndpointOptions,
  RequestContext,
} from '#libs/platform'
import { DESK_PEOPLE } from '#projections/access'
import { CommandSender } from '../http/command-sender.js'
import { Queries } from '../http/queries.js'
import { Receipt, receiptAnswer } from '../http/receipt.js'
import { splitReason } from '../http/verbs.js'
import {
  PublishAlertMapping,
  PublishApprovalPolicies,
  PublishAssignmentRules,
  PublishBlackoutWindows,
  PublishCalendars,
  PublishChangeRisk,
  PublishChangeSettings,
  PublishCiClasses,
  PublishCiReconciliation,
  PublishCiRelationTypes,
  PublishCustomFields,
  PublishEscalationRules,
  PublishHoldReasons,
  PublishIncidentSettings,
  PublishIncidentTemplates,
  PublishMailIntake,
  PublishMaintenanceWindows,
  PublishMajorIncidentSettings,
  PublishNotificationTemplates,
  PublishPriorityMatrix,
  PublishProblemSettings,
  PublishWebhooks,
} from './domain/settings.commands.js'
import type { CiClass, CiReconciliation, CiRelationType, EscalationRule } from './domain/settings.events.js'
import {
  AlertMappingDto,
  ApprovalPoliciesDto,
  AssignmentRulesDto,
  CalendarsDto,
  ChangeRiskDto,
  ChangeSettingsDto,
  CiClassesDto,
  CiReconciliationDto,
  CiRelationTypesDto,
  CiWindowsDto,
  CustomFieldsDto,
  EscalationRulesDto,
  HoldReasonsDto,
  IncidentSettingsDto,
  IncidentTemplatesDto,
  MailIntakeDto,
  MajorIncidentSettingsDto,
  NotificationTemplatesDto,
  PriorityMatrixDto,
  ProblemSettingsDto,
  SETTING_NAMES,
  SettingList,
  SettingView,
  WebhooksDto,
} from './dto/settings.dto.js'
import { listSettings, readSetting } from './settings.queries.js'

class SettingParams {
  @IsIn(SETTING_NAMES)
  name!: string
}

/** Publishing is the same for all settings but for what is published. */
function publishing(summary: string, body: DtoClass): EndpointOptions {
  return {
    summary,
    roles: ['administrator'],
    body,
    answer: Receipt,
    requestHeaders: ['Idempotency-Key', 'If-Match'],
    responseHeaders: ['ETag', 'ITSM-Position'],
  }
}

/** Configuration that decides something: each publication is a new version. */
@Controller('settings')
export class SettingsController {
  constructor(
    private readonly sender: CommandSender,
    private readonly queries: Queries,
  ) {}

  @Get()
  @Endpoint({
    summary: 'Which settings there are, and in which version each is in force',
    roles: DESK_PEOPLE,
    answer: SettingList,
  })
  list(): Promise<Answer> {
    return this.queries.answer(listSettings, {})
  }

  @Get(':name')
  @Endpoint({
    summary: 'A setting in force, and its version',
    roles: DESK_PEOPLE,
    params: SettingParams,
    answer: SettingView,
    requestHeaders: ['If-None-Match'],
    responseHeaders: ['ETag'],
  })
  read(@Param() { name }: SettingParams, @Context() context: RequestContext): Promise<Answer> {
    return this.queries.answer(readSetting, { name }, context)
  }

  @Put('priority-matrix')
  @Endpoint(publishing('Publish a priority matrix', PriorityMatrixDto))
  priorityMatrix(
    @Body() body: PriorityMatrixDto,
    @Context() context: RequestContext,
  ): Promise<Answer<Receipt>> {
    return this.publish(
      'priority-matrix',
      body,
      context,
      (matrix, metadata) => new PublishPriorityMatrix({ matrix }, metadata),
    )
  }

  @Put('assignment-rules')
  @Endpoint(publishing('Publish assignment rules', AssignmentRulesDto))
  assignmentRules(
    @Body() body: AssignmentRulesDto,
    @Context() context: RequestContext,
  ): Promise<Answer<Receipt>> {
    return this.publish(
      'assignment-rules',
      body,
      context,
      (data, metadata) => new PublishAssignmentRules(data, metadata),
    )
  }

  @Put('hold-reasons')
  @Endpoint(publishing('Publish the list of hold reasons', HoldReasonsDto))
  holdReasons(@Body() body: HoldReasonsDto, @Context() context: RequestContext): Promise<Answer<Receipt>> {
    return this.publish(
      'hold-reasons',
      body,
      context,
      (data, metadata) => new PublishHoldReasons(data, metadata),
    )
  }

  @Put('incident')
  @Endpoint(publishing('Publish auto-close and reminders of incidents', IncidentSettingsDto))
  incident(@Body() body: IncidentSettingsDto, @Context() context: RequestContext): Promise<Answer<Receipt>> {
    return this.publish(
      'incident',
      body,
      context,
      (settings, metadata) => new PublishIncidentSettings({ settings }, metadata),
    )
  }

  @Put('incident-templates')
  @Endpoint(publishing('Publish the templates of frequent incidents', IncidentTemplatesDto))
  incidentTemplates(
    @Body() body: IncidentTemplatesDto,
    @Context() context: RequestContext,
  ): Promise<Answer<Receipt>> {
    return this.publish(
      'incident-templates',
      body,
      context,
      (data, metadata) => new PublishIncidentTemplates(data, metadata),
    )
  }

  @Put('custom-fields-incident')
  @Endpoint(publishing('Publish the custom fields of incidents', CustomFieldsDto))
  customFields(@Body() body: CustomFieldsDto, @Context() context: RequestContext): Promise<Answer<Receipt>> {
    return this.publish(
      'custom-fields-incident',
      body,
      context,
      (data, metadata) => new PublishCustomFields({ ...data, recordType: 'incident' }, metadata),
    )
  }

  @Put('custom-fields-problem')
  @Endpoint(publishing('Publish the custom fields of problems', CustomFieldsDto))
  problemFields(@Body() body: CustomFieldsDto, @Context() context: RequestContext): Promise<Answer<Receipt>> {
    return this.publish(
      'custom-fields-problem',
      body,
      context,
      (data, metadata) => new PublishCustomFields({ ...data, recordType: 'problem' }, metadata),
    )
  }

  @Put('custom-fields-change')
  @Endpoint(publishing('Publish the custom fields of changes', CustomFieldsDto))
  changeFields(@Body() body: CustomFieldsDto, @Context() context: RequestContext): Promise<Answer<Receipt>> {
    return this.publish(
      'custom-fields-change',
      body,
      context,
      (data, metadata) => new PublishCustomFields({ ...data, recordType: 'change' }, metadata),
    )
  }

  @Put('mail-intake')
  @Endpoint(publishing('Publish what becomes of mail that comes in', MailIntakeDto))
  mailIntake(@Body() body: MailIntakeDto, @Context() context: RequestContext): Promise<Answer<Receipt>> {
    return this.publish(
      'mail-intake',
      body,
      context,
      (intake, metadata) => new PublishMailIntake({ intake }, metadata),
    )
  }

  @Put('escalation-rules')
  @Endpoint(publishing('Publish escalation rules', EscalationRulesDto))
  escalationRules(
    @Body() body: EscalationRulesDto,
    @Context() context: RequestContext,
  ): Promise<Answer<Receipt>> {
    return this.publish(
      'escalation-rules',
      body,
      context,
      ({ rules }, metadata) => new PublishEscalationRules({ rules: rules as EscalationRule[] }, metadata),
    )
  }

  @Put('major-incident')
  @Endpoint(
    publishing(
      'Publish what proposes major incidents, and how often people are told',
      MajorIncidentSettingsDto,
    ),
  )
  majorIncident(
    @Body() body: MajorIncidentSettingsDto,
    @Context() context: RequestContext,
  ): Promise<Answer<Receipt>> {
    return this.publish(
      'major-incident',
      body,
      context,
      (settings, metadata) => new PublishMajorIncidentSettings({ settings }, metadata),
    )
  }

  @Put('alert-mapping')
  @Endpoint(publishing('Publish what becomes of alerts', AlertMappingDto))
  alertMapping(@Body() body: AlertMappingDto, @Context() context: RequestContext): Promise<Answer<Receipt>> {
    return this.publish(
      'alert-mapping',
      body,
      context,
      (mapping, metadata) => new PublishAlertMapping({ mapping }, metadata),
    )
  }

  @Put('notification-templates')
  @Endpoint(publishing('Publish subjects and texts of mails', NotificationTemplatesDto))
  notificationTemplates(
    @Body() body: NotificationTemplatesDto,
    @Context() context: RequestContext,
  ): Promise<Answer<Receipt>> {
    return this.publish(
      'notification-templates',
      body,
      context,
      (data, metadata) => new PublishNotificationTemplates(data as never, metadata),
    )
  }

  @Put('webhooks')
  @Endpoint(publishing('Publish the endpoints that are told over HTTP', WebhooksDto))
  webhooks(@Body() body: WebhooksDto, @Context() context: RequestContext): Promise<Answer<Receipt>> {
    return this.publish(
      'webhooks',
      body,
      context,
      (data, metadata) => new PublishWebhooks(data as never, metadata),
    )
  }

  @Put('ci-classes')
  @Endpoint(publishing('Publish the classes of configuration items', CiClassesDto))
  ciClasses(@Body() body: CiClassesDto, @Context() context: RequestContext): Promise<Answer<Receipt>> {
    return this.publish(
      'ci-classes',
      body,
      context,
      ({ classes }, metadata) => new PublishCiClasses({ classes: classes as CiClass[] }, metadata),
    )
  }

  @Put('ci-relation-types')
  @Endpoint(publishing('Publish the types of relations between configuration items', CiRelationTypesDto))
  ciRelationTypes(
    @Body() body: CiRelationTypesDto,
    @Context() context: RequestContext,
  ): Promise<Answer<Receipt>> {
    return this.publish(
      'ci-relation-types',
      body,
      context,
      ({ types }, metadata) => new PublishCiRelationTypes({ types: types as CiRelationType[] }, metadata),
    )
  }

  @Put('ci-reconciliation')
  @Endpoint(
    publishing(
      'Publish how sources are matched with configuration items, and whose word counts',
      CiReconciliationDto,
    ),
  )
  ciReconciliation(
    @Body() body: CiReconciliationDto,
    @Context() context: RequestContext,
  ): Promise<Answer<Receipt>> {
    return this.publish(
      'ci-reconciliation',
      body,
      context,
      (reconciliation, metadata) =>
        new PublishCiReconciliation({ reconciliation: reconciliation as CiReconciliation }, metadata),
    )
  }

  @Put('calendars')
  @Endpoint(publishing('Publish the business calendars', CalendarsDto))
  calendars(@Body() body: CalendarsDto, @Context() context: RequestContext): Promise<Answer<Receipt>> {
    return this.publish(
      'calendars',
      body,
      context,
      (data, metadata) => new PublishCalendars(data as never, metadata),
    )
  }

  @Put('maintenance-windows')
  @Endpoint(publishing('Publish when configuration items may be changed', CiWindowsDto))
  maintenanceWindows(
    @Body() body: CiWindowsDto,
    @Context() context: RequestContext,
  ): Promise<Answer<Receipt>> {
    return this.publish(
      'maintenance-windows',
      body,
      context,
      (data, metadata) => new PublishMaintenanceWindows(data as never, metadata),
    )
  }

  @Put('blackout-windows')
  @Endpoint(publishing('Publish when configuration items may not be changed', CiWindowsDto))
  blackoutWindows(@Body() body: CiWindowsDto, @Context() context: RequestContext): Promise<Answer<Receipt>> {
    return this.publish(
      'blackout-windows',
      body,
      context,
      (data, metadata) => new PublishBlackoutWindows(data as never, metadata),
    )
  }

  @Put('approval-policies')
  @Endpoint(publishing('Publish who approves what', ApprovalPoliciesDto))
  approvalPolicies(
    @Body() body: ApprovalPoliciesDto,
    @Context() context: RequestContext,
  ): Promise<Answer<Receipt>> {
    return this.publish(
      'approval-policies',
      body,
      context,
      (data, metadata) => new PublishApprovalPolicies(data as never, metadata),
    )
  }

  @Put('change-risk')
  @Endpoint(publishing('Publish how the risk of a change is found', ChangeRiskDto))
  changeRisk(@Body() body: ChangeRiskDto, @Context() context: RequestContext): Promise<Answer<Receipt>> {
    return this.publish(
      'change-risk',
      body,
      context,
      (matrix, metadata) => new PublishChangeRisk({ matrix }, metadata),
    )
  }

  @Put('change')
  @Endpoint(
    publishing('Publish who may implement a change, and when an emergency is ratified', ChangeSettingsDto),
  )
  change(@Body() body: ChangeSettingsDto, @Context() context: RequestContext): Promise<Answer<Receipt>> {
    return this.publish(
      'change',
      body,
      context,
      (settings, metadata) => new PublishChangeSettings({ settings }, metadata),
    )
  }

  @Put('problem')
  @Endpoint(
    publishing(
      'Publish what becomes of incidents that wait for a problem, and which problems are reviewed',
      ProblemSettingsDto,
    ),
  )
  problem(@Body() body: ProblemSettingsDto, @Context() context: RequestContext): Promise<Answer<Receipt>> {
    return this.publish(
      'problem',
      body,
      context,
      (settings, metadata) => new PublishProblemSettings({ settings }, metadata),
    )
  }

  private async publish<Dto extends { reason?: string }>(
    name: string,
    body: Dto,
    context: RequestContext,
    build: (data: Omit<Dto, 'reason'>, metadata: CommandMetadata) => Command,
  ): Promise<Answer<Receipt>> {
    const [data, reason] = splitReason(body)
    const wish = {
      target: `settings-${name}`,
      method: 'PUT',
      route: `/settings/${name}`,
      params: {},
      body,
      reason,
    }
    return receiptAnswer(await this.sender.send(context, wish, (metadata) => build(data, metadata)))
  }
}
