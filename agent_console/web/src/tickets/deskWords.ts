/** What an empty desk says: what will lie here, and when. */
export const EMPTY_WORDS: Readonly<Record<string, { title: string; detail: string }>> = {
  drafts: { title: '没有未提交的草稿', detail: '接听来电后自动建立的工单，提交前在这里。' },
  dispatch: { title: '没有待派的工单', detail: '话务员提交、网上提交和单位退回的工单会列在这里。' },
  asks: { title: '没有待答复的申请', detail: '承办单位申请退回、延期、挂起或终止时会列在这里。' },
  review: { title: '没有研判中的工单', detail: '职责不清或退回有争议、提请联席研判的工单会列在这里。' },
  unit: { title: '没有待办工单', detail: '派给本单位的工单会列在这里，请在期限内签收和办结。' },
  assist: { title: '没有待协办的工单', detail: '请本单位协办的工单会列在这里。' },
  approve: { title: '没有待审核的答复', detail: '承办单位提交答复后会列在这里。' },
  follow_up: { title: '没有待回访的工单', detail: '答复审核通过后会列在这里。' },
  supervise: { title: '没有需要督办的工单', detail: '超期、两次办理仍不满意和整改中的工单会列在这里。' },
};

/** Desks whose tickets are all due for the same thing. */
export const ONE_TERM: ReadonlySet<string> = new Set(['dispatch', 'review', 'approve', 'follow_up']);

export const ALL_EMPTY = {
  title: '还没有工单',
  detail: '接听来电后，系统会自动建立工单并列在这里。',
};
