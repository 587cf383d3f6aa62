"""The states of a ticket, in words. The drawing: docs/tickets.md."""

STATES = {
    "draft": "草稿",
    "to_dispatch": "待派单",
    "in_review": "研判中",
    "to_accept": "待签收",
    "in_progress": "办理中",
    "suspended": "挂起",
    "to_approve": "待审核",
    "to_follow_up": "待回访",
    "supervision_review": "督办研判",
    "rectifying": "整改中",
    "reported_to_discipline": "已上报纪委监委",
    "closed": "已办结",
    "rejected": "不予受理",
    "merged": "已并单",
    "terminated": "已终止",
    "archived": "已归档",
}

ENDED = frozenset({"closed", "rejected", "merged", "terminated", "archived"})
OPEN = tuple(state for state in STATES if state not in ENDED)
"""Where something is still to be done, drafts included."""
UNDER_WAY = tuple(state for state in OPEN if state != "draft")

DIFFICULTIES = {"simple": "简单", "ordinary": "一般", "difficult": "疑难"}
"""Q二(二)1."""
CAUSES = {
    "delay": "拖延不办",
    "falsehood": "弄虚作假",
    "perfunctory": "敷衍塞责",
    "passing_buck": "推诿扯皮",
}
"""What a unit must be found to have done before a 整改函 is sent: Y二(五)."""
STARS = {5: "非常满意", 4: "满意", 3: "基本满意", 2: "不满意", 1: "非常不满意"}
POOR = 2
"""So many stars or fewer are a poor rating (差评)."""
COMPLAINTS = frozenset({"complaint", "report"})
"""Types whose handling has the periods of Q二(二)1 for 投诉举报; others are answered."""
PAPERS = {
    "minutes": "联席研判纪要",
    "finding": "督办认定意见",
    "rectification_letter": "整改函",
    "rectification_report": "整改报告",
    "special_report": "专报",
    "discipline_report": "上报纪委监委材料",
    "outcome": "处理结果",
}
TERMS = {
    "dispatch": "派单",
    "accept": "签收",
    "done": "办结",
    "approve": "审核",
    "follow_up": "回访",
    "supervise": "督办",
    "rectify": "整改",
}
