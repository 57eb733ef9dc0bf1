"""What a finding says in sentences: what was found, what to do next, what it does not say.

Rules: absence is "no known mark found", never "authentic". A system is named as the origin
only under `TRACED`; everything weaker says "carries a mark assigned to". A public or
unsigned claim is "a claim that anybody can make", a public watermark "consistent with". Names
that a file gives stand between quotation marks.
"""

from __future__ import annotations

from dataclasses import dataclass

from provenance.model.messages import Message, Template


class StatementCode(Template):
    """Closed set of the sentences that say what was found."""

    TRACED = "traced", "Traced to {system}."
    MARK_NAMES_PICTURE = (
        "mark_names_picture",
        "Its mark {mark} names a record that this picture matches.",
    )
    MARK_NAMES_PART = (
        "mark_names_part",
        "Its mark {mark} names a record of whose picture this one shows a part.",
    )
    MANIFEST_INTACT = (
        "manifest_intact",
        "Its C2PA manifest is intact and trusted.",
    )
    MANIFEST_INTACT_UNLISTED = (
        "manifest_intact_unlisted",
        "Its C2PA manifest is intact; its signer is on no trust list, but the policy accepts it.",
    )
    MANIFEST_CHANGED = (
        "manifest_changed",
        "Its C2PA manifest is of a trusted signer, but the file was changed after it was signed.",
    )
    CONTRADICTS = "contradicts", "The evidence contradicts itself."
    CARRIES = "carries", "The picture carries a mark assigned to {system}."
    CANDIDATE = (
        "candidate",
        "The pixels spell the id of record {record}; whether this is a mark or chance is open.",
    )
    TRACE = "trace", "Traces of a watermark were found, but it cannot be read."
    MANIFEST_OPEN = "manifest_open", "The file carries a C2PA manifest that proves no origin here."
    MANIFEST_ELSEWHERE = (
        "manifest_elsewhere",
        "The file only names a C2PA manifest on a server; it was not fetched.",
    )
    OPEN = "open", "What was found does not suffice to name an origin."
    UNCHECKED = (
        "unchecked",
        "A check could not be made; finding nothing therefore proves nothing.",
    )
    UNKNOWN_SIGNER = (
        "unknown_signer",
        (
            'The file carries a manifest that names "{system}"; its signer is unknown here, so '
            "this is a claim that anybody can make."
        ),
    )
    REFUSED_SIGNER = (
        "refused_signer",
        (
            'The file carries a manifest that names "{system}"; the policy does not accept its '
            "signer, so it counts as a claim that anybody can make."
        ),
    )
    WITHDRAWN_SIGNER = (
        "withdrawn_signer",
        (
            'The file carries a manifest that names "{system}"; its signing certificate was '
            "revoked, and nothing shows that it was signed before, so it counts as a claim that "
            "anybody can make."
        ),
    )
    SIGNED_CLAIM = (
        "signed_claim",
        (
            'A C2PA manifest names "{system}"; this is worth as much as its signer, who is unknown '
            "here."
        ),
    )
    PUBLIC_WATERMARK = (
        "public_watermark",
        (
            'The pixels are consistent with the public watermark of "{system}", which anybody can '
            "embed."
        ),
    )
    UNSIGNED_METADATA = (
        "unsigned_metadata",
        'Unsigned metadata points to "{system}"; anybody can write or remove it.',
    )
    UNSIGNED_AI = (
        "unsigned_ai",
        (
            "Unsigned metadata says that AI was used and names no system; anybody can write or "
            "remove it."
        ),
    )
    NOT_FOUND = (
        "not_found",
        "No known mark found. This says nothing about how the picture was made.",
    )


class StepCode(Template):
    """Closed set of next steps: whom to ask, and with which id."""

    ASK_RECORD = "ask_record", "Ask {system} for what it keeps under record {record}."
    ASK_MANIFEST = "ask_manifest", "Ask {system} for what it keeps under manifest {manifest}."
    ASK_MARK = "ask_mark", "Ask {system} for its record of mark {mark}."
    ASK_COMPARE = (
        "ask_compare",
        "Ask {system} to compare this picture with the one it issued under record {record}.",
    )
    ASK_OWNER = (
        "ask_owner",
        "Find out whose mark {mark} is: the detection keys here do not name a system.",
    )
    ASK_SIGNER = "ask_signer", 'Ask "{signer}" whether it signed manifest {manifest}.'
    ASK_POLICY = (
        "ask_policy",
        "Ask whoever wrote the policy whether this signer is to be accepted.",
    )
    ASK_LOGGED = (
        "ask_logged",
        (
            'Ask "{signer}" whether its registry and log hold manifest {manifest} from before the '
            "revocation."
        ),
    )
    ASK_ORACLE = "ask_oracle", "Ask {oracle}. Nothing was sent there."
    NOBODY_TO_ASK = (
        "nobody_to_ask",
        "Nobody is known who could confirm it; look for an earlier copy of the picture.",
    )
    TRUST_LIST = (
        "trust_list",
        "Verify again with the trust list that the signer claims to be on (--trust-list).",
    )
    TSA_LIST = (
        "tsa_list",
        "Verify again with the list of its time-stamping authority (--tsa-list).",
    )
    OTHER_TIME = (
        "other_time",
        "If something else dates the signature, verify as of that time (--at).",
    )
    REMOTE_MANIFEST = (
        "remote_manifest",
        "The manifest is said to be at {url}; it was not fetched.",
    )
    COMPARE_SOURCES = (
        "compare_sources",
        "Compare the sources that contradict each other one by one (provenance inspect).",
    )
    MAKE_POSSIBLE = "make_possible", "Make the check possible: {detail}."
    BETTER_COPY = "better_copy", "Look for a better copy of the picture."
    OTHER_COPY = (
        "other_copy",
        "This file alone gives nothing to ask about; look for an earlier copy of the picture.",
    )


class LimitCode(Template):
    """Closed set of what a finding does not say."""

    MARK_ERROR_RATE = (
        "mark_error_rate",
        (
            "A picture without this mark gives such a reading with a probability of at most "
            "10^{log10_p:.1f}; at most 10^{log10_threshold:.1f} was required (10^-12 is one in a "
            "million million)."
        ),
    )
    NO_ERROR_RATE = (
        "no_error_rate",
        (
            "This watermark gives no error rate of its own; the finding rests on the comparison "
            "with the record."
        ),
    )
    MATCH_IS_NOT_UNALTERED = (
        "match_is_not_unaltered",
        "A match says that this is the same picture, perhaps edited, never that it is unaltered.",
    )
    PART_ONLY = (
        "part_only",
        (
            "Only a part of the issued picture was recognised; the finding covers no other part of "
            "this one."
        ),
    )
    SIGNER_VOUCHES = (
        "signer_vouches",
        "A trusted manifest shows who made its statements, not that they are true.",
    )
    REVOCATION_NOT_CHECKED = (
        "revocation_not_checked",
        "Whether the signing certificate was revoked was not checked.",
    )
    MARK_IS_A_POINTER = (
        "mark_is_a_pointer",
        (
            "A mark only points to a record: until the picture has been compared with it, it may "
            "have been copied from another picture."
        ),
    )
    CONTRADICTION = (
        "contradiction",
        "Until the contradiction is explained, none of its sources may be relied on alone.",
    )
    ANYBODY = (
        "anybody",
        "Anybody can make what was found; it proves no origin.",
    )
    ABSENCE = (
        "absence",
        "Absence proves nothing: marks and metadata can be removed, and many systems set none.",
    )
    KEYS_HELD = (
        "keys_held",
        (
            "Systems whose keys were used to look for marks: {count}. Marks of any other system "
            "are not excluded."
        ),
    )
    NO_KEYS = (
        "no_keys",
        "No detection key was held, so no keyed mark could be found.",
    )
    INGREDIENTS_OPEN = (
        "ingredients_open",
        (
            "The manifest is trusted for its own step; of what the picture was made from, not "
            "everything verifies."
        ),
    )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Statement(Message):
    """One sentence of what was found."""

    code: StatementCode


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class NextStep(Message):
    """One thing that would settle an open question."""

    code: StepCode


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Limit(Message):
    """One thing that the finding does not say."""

    code: LimitCode
