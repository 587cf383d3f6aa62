"""The table of moves, as data: who may do what, from where to where, and by which clause.

`number` is the row of the closed loop's table (docs/tickets.md); a move without `to` is an act:
it is written down and changes what it says, the state stays.
"""

from __future__ import annotations

from dataclasses import dataclass

from tickets.rules.fields import (
    ASSISTING,
    DIFFICULTY,
    FOUND,
    RATED,
    REASON,
    UNIT,
    Field,
    choice,
    long_text,
)
from tickets.rules.states import UNDER_WAY


@dataclass(frozen=True, slots=True)
class Move:
    name: str
    number: int | None
    label: str
    sources: tuple[str, ...]
    to: str | None
    who: tuple[str, ...]
    basis: str
    effect: str
    fields: tuple[Field, ...] = ()
    guards: tuple[str, ...] = ()


_ANSWER = long_text("answer", "意见", required=False)
_TOLD = Field("told", "已告知来电人的渠道", "text")
_MEANS = {"phone": "电话", "visit": "上门", "meeting": "当面", "message": "短信或其他"}
_HOW = {"person": "人工回访", "sms": "短信", "ivr": "语音"}
_AT_HAND = ("to_accept", "in_progress", "suspended", "rectifying")

MOVES: tuple[Move, ...] = (
    Move("answer", 2, "当场办结", ("draft",), "closed", ("agent", "system"),
         "Q二(二)1 Q二(三)2", "工单办结", guards=("form_complete", "credit_code_fits")),
    Move("reject", 3, "不予受理", ("draft",), "rejected", ("agent",),
         "N", "不予受理，理由和告知渠道留痕",
         (REASON, _TOLD), ("form_complete",)),
    Move("merge", 4, "并单", ("draft", "to_dispatch"), "merged", ("agent", "dispatcher"),
         "N", "并入所选工单，两边的记录都保留",
         (Field("into", "并入工单", "ticket"), long_text("reason", "说明", required=False)),
         ("into_open",)),
    Move("submit", 5, "提交派单", ("draft",), "to_dispatch", ("agent", "system"),
         "Q二(二)1 Y二(四)", "转到待派单", guards=("form_complete", "credit_code_fits", "contact_known")),
    Move("dispatch", 6, "派单", ("to_dispatch",), "to_accept", ("dispatcher",),
         "Q一 Y二(四)", "发往承办单位，签收和办结期限开始计算",
         (UNIT, ASSISTING, DIFFICULTY, long_text("note", "派单意见", required=False)),
         ("classed", "unit_open", "unit_not_complained_of", "assisting_others")),
    Move("review", 7, "提请联席研判", ("to_dispatch",), "in_review", ("dispatcher",),
         "Y二(四)", "转热线办研判", (REASON,)),
    Move("rule", 8, "研判裁定", ("in_review",), "to_accept", ("office",),
         "Y二(四)", "发往裁定的单位，该单位不得再退回",
         (UNIT, ASSISTING, DIFFICULTY, long_text("issue", "争议焦点"),
          long_text("present", "参加单位和人员"), long_text("basis", "各方依据"),
          long_text("ruling", "研判结论")),
         ("classed", "unit_open", "unit_not_complained_of", "assisting_others")),
    Move("flag_special", 9, "列为疑难并起草专报", UNDER_WAY, None, ("office",),
         "Y二(四)", "专报送主任签发，报党委政府协调", (long_text("text", "专报内容"),),
         ("not_special_yet",)),
    Move("sign_special", 9, "签发专报", UNDER_WAY, None, ("head",),
         "Y二(四)", "专报签发", guards=("special_drafted",)),
    Move("accept", 10, "签收", ("to_accept",), "in_progress", ("unit",),
         "Q二(二)1", "开始办理"),
    Move("ask_return", 11, "申请退回", ("to_accept",), None, ("unit",),
         "N", "由派单员决定是否同意",
         (REASON, long_text("basis", "依据"), Field("proper_unit_id", "建议承办单位", "unit", required=False)),
         ("not_ruled", "in_return_period", "no_return_asked")),
    Move("agree_return", 11, "同意退回", ("to_accept",), "to_dispatch", ("dispatcher",),
         "N", "回到待派单", (_ANSWER,), ("not_ruled", "return_asked")),
    Move("refuse_return", 11, "不同意退回", ("to_accept",), None, ("dispatcher",),
         "N", "单位继续签收办理", (REASON,), ("return_asked",)),
    Move("ask_extension", 12, "申请延期", ("in_progress",), None, ("unit",),
         "Q二(二)1", "由热线办决定是否同意",
         (Field("days", "延长工作日", "number", most=60), REASON, long_text("basis", "依据"),
          long_text("told", "向来电人说明的情况", hint="何时、由谁、以什么方式说明延期理由和依据")),
         ("difficult", "before_due", "extension_within", "no_extension_asked")),
    Move("agree_extension", 12, "同意延期", ("in_progress",), None, ("office",),
         "Q二(二)1", "办结期限顺延", (_ANSWER,), ("extension_asked", "extension_asked_within")),
    Move("refuse_extension", 12, "不同意延期", ("in_progress",), None, ("office",),
         "Q二(二)1", "期限不变", (REASON,), ("extension_asked",)),
    Move("ask_suspension", 13, "申请挂起", ("in_progress",), None, ("unit",),
         "S", "由热线办决定是否同意",
         (REASON, Field("until", "预计恢复办理日期", "date")),
         ("suspension_on", "no_suspension_asked", "until_ahead")),
    Move("suspend", 13, "同意挂起", ("in_progress",), "suspended", ("office",),
         "S", "期限停止计算", (_ANSWER,), ("suspension_on", "suspension_asked")),
    Move("refuse_suspension", 13, "不同意挂起", ("in_progress",), None, ("office",),
         "S", "期限继续计算", (REASON,), ("suspension_asked",)),
    Move("resume", 13, "恢复办理", ("suspended",), "in_progress", ("unit", "office"),
         "S", "期限继续计算", (REASON,)),
    Move("contact", 14, "登记联系来电人", _AT_HAND, None, ("unit",),
         "Q二(二)1", "记入办理过程",
         (choice("means", "方式", _MEANS), long_text("text", "联系情况"))),
    Move("assist_reply", 14, "提交协办意见", ("in_progress", "suspended"), None, ("assist",),
         "Y二(四)", "协办部分办结", (long_text("text", "协办意见"),), ("assist_open",)),
    Move("reply", 14, "提交答复", ("in_progress",), "to_approve", ("unit",),
         "Q二(二)1 Y二(四)", "送热线审核",
         (long_text("reply_public", "答复来电人的内容"), long_text("reply_internal", "办理情况（内部）")),
         ("contacted", "assisting_done")),
    Move("send_back", 15, "退回重办", ("to_approve",), "in_progress", ("approver",),
         "Y二(四) 答复认定", "退回单位继续办理", (REASON,)),
    Move("approve", 16, "审核通过", ("to_approve",), "to_follow_up", ("approver",),
         "Y二(四) 答复认定", "转到待回访", (_ANSWER,)),
    Move("follow_up", 17, "登记回访", ("to_follow_up",), None, ("follow_up",),
         "Y二(五) Q二(二)4", "满意则办结，不满意退回原单位或转督办",
         (Field("reached", "已联系上来电人", "flag"), RATED, choice("how", "回访方式", _HOW),
          long_text("text", "来电人意见", required=False)),
         ("rated_when_reached", "poor_says_why", "not_rated_yet")),
    Move("settle", 17, "办结", ("to_follow_up",), "closed", ("system",),
         "Y二(五) Q二(二)4", "工单办结", guards=("not_rated_yet",)),
    Move("again", 18, "退回原承办单位重新办理", ("to_follow_up",), "to_accept", ("system",),
         "Y二(五) Q二(二)4", "同一单位第二次办理，列入差评清单", guards=("first_round",)),
    Move("escalate", 19, "转督办研判", ("to_follow_up",), "supervision_review", ("system",),
         "Y二(五)", "由督办人员认定", guards=("later_round",)),
    Move("draft_finding", 20, "起草认定意见和整改函", ("supervision_review",), None, ("supervisor",),
         "Y二(五)", "送主任签发",
         (Field("within_duty", "属承办单位职责范围", "flag"), FOUND,
          long_text("evidence", "认定依据"), long_text("letter", "整改要求", required=False)),
         ("no_finding_waiting", "letter_when_it_holds")),
    Move("return_draft", None, "退回起草", UNDER_WAY, None, ("head",),
         "Y二(五)", "退回起草人修改", (REASON,), ("draft_waiting",)),
    Move("order_rectification", 20, "签发整改函", ("supervision_review",), "rectifying", ("head",),
         "Y二(五)", "整改函发往承办单位，通报优化营商环境主管部门，列为负面典型案例",
         (_ANSWER,), ("finding_holds",)),
    Move("dismiss", 21, "认定不成立，办结", ("supervision_review",), "closed", ("head",),
         "Y二(五)", "理由留痕，工单办结", (REASON,)),
    Move("rectify", 22, "提交整改报告", ("rectifying",), "to_follow_up", ("unit",),
         "Q二(二)4", "转整改回访", (long_text("report", "整改报告"),
         long_text("reply_public", "答复来电人的内容")), ("contacted",)),
    Move("draft_report", 23, "起草上报纪委监委材料", ("rectifying", "to_follow_up"), None, ("supervisor",),
         "Y二(五)", "送主任签发", (long_text("text", "上报内容"),),
         ("not_put_right", "no_report_waiting")),
    Move("report_to_discipline", 23, "签发上报纪委监委", ("rectifying", "to_follow_up"),
         "reported_to_discipline", ("head",),
         "Y二(五)", "工单情况上报纪委监委", (_ANSWER,), ("not_put_right", "report_drafted")),
    Move("conclude", 24, "登记处理结果", ("reported_to_discipline",), "closed", ("supervisor",),
         "Y二(五)", "工单办结", (long_text("text", "处理结果"),)),
    Move("archive", 25, "归档", ("closed", "rejected", "merged", "terminated"), "archived",
         ("system",), "N", "归档", guards=("long_enough_closed",)),
    Move("ask_termination", 26, "申请终止", ("in_progress",), None, ("unit",),
         "N", "由热线办决定是否同意",
         (choice("ground", "情形", {"withdrawn": "来电人撤回", "procedure": "已进入诉讼、复议等程序"}),
          long_text("text", "书面说明")), ("no_termination_asked",)),
    Move("terminate", 26, "同意终止", ("in_progress",), "terminated", ("office",),
         "N", "工单终止", (_ANSWER,), ("termination_asked",)),
    Move("refuse_termination", 26, "不同意终止", ("in_progress",), None, ("office",),
         "N", "单位继续办理", (REASON,), ("termination_asked",)),
    Move("urge", None, "催办", ("to_accept", "in_progress", "rectifying"), None,
         ("dispatcher", "office", "supervisor"), "Q二(二)3", "通知承办单位",
         (long_text("text", "催办内容"),)),
    Move("supervise", None, "督办", _AT_HAND, None, ("supervisor",), "Q二(二)3",
         "督办意见发往承办单位及其负责人", (long_text("text", "督办意见"),)),
    Move("note", None, "备注", UNDER_WAY, None,
         ("dispatcher", "office", "unit", "assist", "approver", "follow_up", "supervisor", "head"),
         "Q一", "记入工单记录", (long_text("text", "内容"),)),
)  # fmt: skip

BY_NAME: dict[str, Move] = {move.name: move for move in MOVES}
LEGAL: frozenset[tuple[str, str, str]] = frozenset(
    (move.name, source, move.to) for move in MOVES if move.to for source in move.sources
)
"""As the database knows them (`ticket_move`)."""
