"""Clauses as the code names them, in the words of an official: `Q二(二)1` of which document."""

from __future__ import annotations

DOCUMENTS = {
    "Y": "玉政信办发〔2023〕2号",
    "Q": "庆政办发〔2023〕48号",
}
NATIONAL = {"N": "国办函〔2025〕66号", "S": "本地规定"}


def in_words(basis: str) -> str:
    """`Y二(五) Q二(二)4` as 玉政信办发〔2023〕2号 二（五）；庆政办发〔2023〕48号 二（二）4."""
    return "；".join(_clause(part) for part in basis.split())


def _clause(part: str) -> str:
    if part in NATIONAL:
        return NATIONAL[part]
    document = DOCUMENTS.get(part[0])
    if document is None:
        return part
    return f"{document} {part[1:].replace('(', '（').replace(')', '）')}"
