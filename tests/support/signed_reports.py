"""What tests of signed reports share: signers for reports, and the smallest PDF."""

from __future__ import annotations

import itertools
from pathlib import Path

from support import chains

from provenance.keys import SIGNS_REPORTS, DevelopmentChain, FileSigner, issue_leaf

REPORT = b'{"kind": "a report", "text": "\\u00e9"}\n'


def report_signer(folder: Path, chain: DevelopmentChain) -> FileSigner:
    """A signer for reports under this authority."""
    leaf, key = issue_leaf(
        chain.issuing_pem, chain.issuing_key_pem, "examiner", usages=SIGNS_REPORTS
    )
    return chains.key_files(folder, key, leaf + chain.issuing_pem, "report").signer()


def small_pdf() -> bytes:
    """One empty page (ISO 32000-1, 7.5)."""
    objects = (
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 9 9] >>",
    )
    parts = [b"%PDF-1.7\n"]
    parts += [b"%d 0 obj\n%b\nendobj\n" % item for item in enumerate(objects, 1)]
    starts = list(itertools.accumulate(map(len, parts)))
    table = b"".join(b"%010d 00000 n \n" % start for start in starts[:-1])
    parts.append(b"xref\n0 4\n0000000000 65535 f \n" + table)
    parts.append(b"trailer\n<< /Size 4 /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % starts[-1])
    return b"".join(parts)
