"""Texts of the page that citizens see; a place writes its own over them (管理 › 文本)."""

from __future__ import annotations

from dataclasses import dataclass

PRIVACY = "public.privacy"


@dataclass(frozen=True, slots=True)
class PublicText:
    label: str
    text: str
    most: int

    def wrong(self, text: str) -> list[str]:
        """What is wrong with a text of the place's own, as sentences."""
        return [] if len(text) <= self.most else [f"最多 {self.most} 个字，现有 {len(text)} 个字"]


PUBLIC_TEXTS = {
    PRIVACY: PublicText(
        "网上提交：个人信息处理告知",
        "您的姓名和电话只用于办理和回访，加密保存；承办单位看不到完整号码，被反映的单位看不到任何信息。\n"
        "您上传的照片和文件加密保存，供办理这件诉求的工作人员和承办单位查看。",
        3000,
    ),
}
