"""Every word that a report shows besides its findings; the values are the English texts.

They are kept together so that a translator sees all of them, and so that the catalogue of a
language can be held against them.
"""

from __future__ import annotations

from enum import StrEnum, unique
from typing import Final

from provenance.model import (
    Basis,
    Bearing,
    ImageFlag,
    ManifestStatus,
    MarkerClass,
    MatchStatus,
    RecordKey,
    RecordState,
    RecordStatus,
    RevocationStatus,
    TimeSource,
    TimeStampStatus,
    Verdict,
    WatermarkStatus,
)


@unique
class Word(StrEnum):
    """Headings, labels and sentences of the report itself."""

    TITLE = "Provenance report"
    SUMMARY = "Summary of {count} files"
    FILE = "File"
    FINDING = "Finding"
    VERDICT = "Verdict"
    SYSTEM = "Names"
    FOUND = "What was found"
    MEANS = "What this means"
    LIMITS = "What this does not say"
    NEXT = "What to do next"
    BASED_ON = "Based on"
    REASONS = "Reasons"
    BEARING = "Bearing"
    REASON = "Reason"
    VALUES = "Values"
    EVIDENCE = "Evidence"
    PROVENANCE = "Provenance"
    RECOVERED_PROVENANCE = "Provenance (manifest recovered through the mark)"
    TREE_ROOT = "this picture"
    TREE_UNSIGNED = "no manifest"
    TREE_SIGNED_BY = "signed by {signer}"
    TREE_OPERATIONS = "operations {names}"
    TREE_CUT = "more ingredients than were walked"
    MANIFEST = "C2PA manifest"
    RECOVERED_MANIFEST = "Manifest recovered through the mark"
    WATERMARKS = "Watermarks"
    RECORD = "Record"
    CONTENT = "Comparison with the record"
    MARKERS = "Markers of other systems"
    SOURCE = "The questioned file"
    SETTINGS = "Settings"
    TRUST_LISTS = "Trust lists"
    KEYS = "Detection keys"
    TOOL = "Tool"
    RUN = "Run"
    PROBLEM = "Not examined"
    NAME = "Name"
    SIZE = "Size"
    BYTES = "{count} bytes"
    SHA256 = "SHA-256"
    SHA1 = "SHA-1"
    MD5 = "MD5"
    UNCHANGED = "Read again after the examination"
    SAME = "unchanged"
    NOT_REPEATED = "not possible"
    FORMAT = "Format"
    DIMENSIONS = "Dimensions"
    PIXELS = "{width} x {height} pixels"
    FRAMES = "Frames"
    NOTES = "Notes on the file"
    STATUS = "Status"
    VALIDATOR_STATE = "State by the C2PA validator"
    CODES = "C2PA status codes"
    MANIFEST_ID = "Manifest"
    SIGNER = "Signer"
    TRUST_LIST = "Trust list"
    TIME = "Judged as of"
    TIME_STAMP = "Time stamp"
    REVOCATION = "Revocation"
    POLICY = "Policy"
    CLAIM_GENERATOR = "Claim generator"
    ACTIONS = "Actions"
    SOURCE_TYPES = "Digital source types"
    SOFT_BINDING = "Soft binding"
    GENERATION = "States about the generation"
    REMOTE = "Address of a manifest"
    DETAIL = "Remark"
    SCHEME = "Scheme"
    MARK = "Mark"
    EPOCH = "Key epoch"
    CHANCE = "Chance at most"
    THRESHOLD = "Required at most"
    PATH = "Found by"
    GEOMETRY = "Geometry"
    GEOMETRY_VALUES = "scale {scale:.4f}, turned by {rotation:.2f} degrees"
    GEOMETRY_MIRRORED = "scale {scale:.4f}, turned by {rotation:.2f} degrees, mirrored"
    FRAME = "Frame"
    FOUND_BY = "Looked up by"
    MODEL = "Model"
    ISSUED = "Issued"
    STATE = "State"
    DISTANCE = "PDQ distance"
    DISTANCE_VALUES = "{distance} of 256; same at most {same}, other from {other}"
    QUALITY = "PDQ quality"
    ORIENTATION = "Orientation"
    GRID = "Grid signature"
    AGREEMENT = "Agreement"
    AGREEMENT_VALUES = "{agreement:.2f}; at least {threshold:.2f} required"
    COVERED = "Recognised of the issued picture"
    SHARE = "{share:.0%}"
    MAP = "Cells of the issued picture"
    MAP_LEGEND = (
        "# there and nothing differs, x differs, blank: not in this picture. The map shows "
        "positions, and nothing of the picture."
    )
    CLASS = "Class"
    WHERE = "Where"
    EXCERPT = "Identifying value"
    ASK = "Whom to ask"
    AT = "Certificates judged as of"
    NOW = "the time of the run"
    DEPTH = "Depth of the search"
    SCHEMES = "Schemes looked for"
    FORMATS = "Formats accepted"
    LIMIT_VALUES = "Limits"
    REGISTRY = "Registry"
    NONE = "none"
    KIND = "Kind"
    DIGEST = "SHA-256 of the file"
    CHANGED = "Last changed"
    ANCHORS = "Anchors"
    EXPIRED = "Expired anchors"
    FINGERPRINT = "Key fingerprint"
    TAG = "Tag key held"
    YES = "yes"
    NO = "no"
    VERSION = "Version"
    IDENTIFIER = "Identifier"
    CODE_DIGEST = "SHA-256 of the code"
    PYTHON = "Python"
    PLATFORM = "Platform"
    LIBRARIES = "Libraries"
    STARTED = "Started"
    FINISHED = "Finished"
    ELAPSED = "Duration"
    SECONDS = "{seconds:.2f} s"
    CLOCK = "Clock"
    ARGUMENTS = "Command line"
    OPERATOR = "Operator"
    EXIT_CODE = "Exit code"
    HEADING = "{title}:"
    WITH_NOTES = "{reason} [{notes}]"
    AND_NOTE = "{notes}; {note}"
    COUNT = "Files"
    PAGE = "Page"
    ERROR = "Error"
    HINT = "What to do"
    LEFT_OUT = "characters left out"
    FAILURES = "C2PA failure codes"
    PICTURE = "Picture"
    STATES = "What its manifest states"
    PAYLOAD = "Payload"
    SYSTEMS = "Systems looked for"
    NO_PICTURE = (
        "This report contains no picture and no part of one. The file is identified by its hash."
    )
    NOT_SIGNED = (
        "This rendering is not signed. A signed report is checked with: provenance report verify"
    )


#: The name of each verdict.
VERDICTS: Final = {
    Verdict.TRACED: "Traced",
    Verdict.NOT_FOUND: "No known mark found",
    Verdict.CONFLICT: "Contradiction",
    Verdict.OTHER_SYSTEM: "Claim of another system",
    Verdict.INDETERMINATE: "Open",
}
#: What each verdict means, for readers who know nothing of marks and signatures.
MEANINGS: Final = {
    Verdict.TRACED: (
        "The picture was issued by the system that is named. This rests on a signature that "
        "was checked, or on an invisible mark in the picture that leads to a record of the same "
        "picture, or on both; nothing that was found speaks against it."
    ),
    Verdict.NOT_FOUND: (
        "Nothing that this tool knows was found in the file. This does not mean that the picture "
        "is a photograph, that it is unaltered, or that no AI was used."
    ),
    Verdict.CONFLICT: (
        "What the file says about itself and what is in the picture cannot both be true. The "
        "file, its signature or its mark has been tampered with, or was copied from elsewhere. "
        "No origin can be named until this is explained."
    ),
    Verdict.OTHER_SYSTEM: (
        "The file carries traces of another system than the ones this tool can prove. Anybody "
        "can make such traces, so they are a lead and no proof of origin."
    ),
    Verdict.INDETERMINATE: (
        "Something was found, but it does not suffice to name an origin, or a check could not be "
        "made. What would settle it is named below."
    ),
}
BEARINGS: Final = {
    Bearing.SUPPORTS: "supports",
    Bearing.CONTRADICTS: "contradicts",
    Bearing.OPEN: "open",
    Bearing.LIMITS: "limits",
}
BASES: Final = {
    Basis.METADATA: "metadata",
    Basis.WATERMARK: "watermark",
    Basis.FORENSIC: "forensic analysis",
    Basis.OTHER: "comparison with a record",
}
CLASSES: Final = {
    MarkerClass.SIGNED: "signed",
    MarkerClass.PUBLIC_WATERMARK: "public watermark",
    MarkerClass.UNSIGNED_METADATA: "unsigned metadata",
}
MANIFESTS: Final = {
    ManifestStatus.TRUSTED: "trusted",
    ManifestStatus.TRUSTED_CONTENT_CHANGED: "trusted, content changed",
    ManifestStatus.UNTRUSTED: "not trusted",
    ManifestStatus.INVALID: "invalid",
    ManifestStatus.EXPIRED: "expired",
    ManifestStatus.REMOTE_ONLY: "only on a server",
    ManifestStatus.UNREADABLE: "unreadable",
    ManifestStatus.NONE: "none",
}
MARKS: Final = {
    WatermarkStatus.READ_AUTHENTIC: "read, tag verified",
    WatermarkStatus.READ: "read, tag not verified",
    WatermarkStatus.CANDIDATE: "a candidate without presence decision",
    WatermarkStatus.TRACE: "traces only",
    WatermarkStatus.NONE: "none found",
    WatermarkStatus.NOT_APPLICABLE: "not applicable",
    WatermarkStatus.NOT_CHECKED: "not checked",
}
RECORDS: Final = {
    RecordStatus.FOUND: "found",
    RecordStatus.ABSENT: "absent",
    RecordStatus.VOID: "void",
    RecordStatus.UNREACHABLE: "registry unreachable",
    RecordStatus.NOT_ASKED: "not asked",
}
MATCHES: Final = {
    MatchStatus.MATCH: "same picture, perhaps edited",
    MatchStatus.PARTIAL: "part of the same picture",
    MatchStatus.MISMATCH: "another picture",
    MatchStatus.NOT_COMPARABLE: "not comparable",
}
FLAGS: Final = {
    ImageFlag.EXTENSION_MISMATCH: "The name's extension contradicts the content.",
    ImageFlag.TRAILING_DATA: "There is data behind the end of the image.",
    ImageFlag.PARTIAL: "The file is incomplete; what is missing was not examined.",
    ImageFlag.CORRUPT: "The file is damaged.",
    ImageFlag.ORIENTATION_APPLIED: "The picture was turned as its metadata says.",
    ImageFlag.REDUCED_TO_8_BIT: "More than 8 bits per channel were reduced to 8.",
    ImageFlag.CMYK_CONVERTED: "CMYK colours were converted to RGB.",
    ImageFlag.ICC_DROPPED: "A colour profile could not be kept.",
    ImageFlag.METADATA_IGNORED: "Some metadata was too large or damaged and was not read.",
    ImageFlag.PALETTE_EXPANDED: "A colour palette was expanded.",
    ImageFlag.FULLY_TRANSPARENT: "The picture is fully transparent.",
    ImageFlag.TRANSPARENCY_IGNORED: "Transparency was ignored.",
    ImageFlag.FRAMES_SAMPLED: "Of an animation, only some frames were examined.",
}
RECORD_KEYS: Final = {
    RecordKey.MARK: "the mark",
    RecordKey.MANIFEST: "the manifest",
}
RECORD_STATES: Final = {
    RecordState.RESERVED: "reserved, not released",
    RecordState.RELEASED: "released",
    RecordState.VOID: "void",
}
REVOCATIONS: Final = {
    RevocationStatus.NOT_CHECKED: "revocation not checked",
    RevocationStatus.STAPLED_GOOD: "not revoked, by an OCSP answer in the manifest",
    RevocationStatus.REVOKED: "revoked, by an OCSP answer in the manifest",
    RevocationStatus.WITHDRAWN: "revoked here, and no record shows that it was signed before",
    RevocationStatus.REVOKED_LATER: "revoked here after its record was logged",
}
TIME_SOURCES: Final = {
    TimeSource.CLOCK: "clock of this machine",
    TimeSource.CHOSEN: "chosen with --at",
    TimeSource.TIME_STAMP: "trusted time stamp",
}
TIME_STAMPS: Final = {
    TimeStampStatus.NONE: "none",
    TimeStampStatus.TRUSTED: "trusted",
    TimeStampStatus.UNTRUSTED: "of an unlisted authority",
    TimeStampStatus.INVALID: "does not verify",
}
#: Remarks of the checks, `#` for a number; see `Translator.technical`.
TECHNICAL: Final = (
    "image too small",
    "no carrier key is held",
    "no system to look for",
    "no tag key is held, and without it chance cannot be told from a mark",
    "no presence decision: only a record can confirm it",
    "no registry is configured",
    "a part agrees, but not enough of it",
    "agrees more than by chance, but too little",
    "agrees, but repeats itself",
    "too little structure in common",
    "the key to the record's signature is not held here",
    "the record's signature does not open",
    "it was erased on #-#-#",
    "the mark's geometry leaves nothing to compare",
    "z #, synchronisation #",
    "synchronisation #, no key reads a payload",
    "upright",
    "mirrored",
    "flipped",
    "rotated #",
    "transposed",
    "transverse",
)
#: Whom to ask about markers, where that is more than a name.
ORACLES: Final = (
    "China's register of companies, with the # characters of the credit code",
    "Hugging Face, with the job id",
    "Microsoft's Content Provenance Detection API (Azure)",
    "Midjourney, with the job id",
    "NovelAI, whose Comment field holds a signed hash",
    "OpenAI; for pictures since # the Gemini app, which reads SynthID",
    "Trufo, which offers a resolution API",
    "a registry of International Standard Content Codes",
    "aiwatermark.com, which offers a resolution API",
    "contentcredentials.org/verify; TrustMark itself is open source",
    "meta.ai/identification and the Gemini app, for their own pictures",
    "the Gemini app, which reads SynthID",
    "the broadcaster",
    "xAI, with the image id; the signature cannot be checked here",
)
#: Every table of words for the members of a closed set.
TERMS: Final = (
    VERDICTS,
    MEANINGS,
    BEARINGS,
    BASES,
    CLASSES,
    MANIFESTS,
    MARKS,
    RECORDS,
    MATCHES,
    FLAGS,
    RECORD_KEYS,
    RECORD_STATES,
    REVOCATIONS,
    TIME_SOURCES,
    TIME_STAMPS,
)
