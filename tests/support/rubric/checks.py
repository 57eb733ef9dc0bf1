"""The checks. Each gives what it objects to in the active manifest; nothing is a pass.

In the order of the rubric: what a check looks at, and the clause of C2PA 2.4 that it is from
(CP: "Additional Conformance Requirements" 0.2 of the conformance program):

| check | looks at | source |
|---|---|---|
| mandatory_dst_for_perceptible_transformations | source type of what changed the content | CP |
| mandatory_spec_version | version of the specification, claim generator | CP |
| mandatory_all_actions_included | statement on completeness of actions | CP |
| no_dst_for_opened_action | source type of what was only opened | CP |
| well_formed_data_present | results of validation | - |
| well_formed_success | codes of malformed parts | - |
| valid_data_present | results of validation | - |
| valid_success | codes of changed parts | - |
| inception_action_position | first action, first created list | 18.14.2 (2.2) |
| no_deprecated_assertions | labels | 6.3, C.1 (2.2) |
| no_unsupported_assertions | labels | 6.2, 6.3 (2.2) |
| no_deprecated_actions | names of actions | 18.14.11, C.1 (2.2) |
| no_unsupported_actions | names of actions | 18.14.12 (2.2) |
| no_unrecognized_custom_assertions | name space of labels | 6.2.2 (2.2) |
| no_unrecognized_custom_actions | name space of actions | 18.14.12 (2.2) |
| no_unrecognized_custom_action_parameters | name space of parameters | 18.14.4.7 (2.2) |
| discouraged_legacy_action_parameters | parameters of version 1 (a warning) | 18.14.4.1 (2.2) |
| active_manifest_urn | label of the manifest | 8.1, 10.2.1 (2.2) |
| review_ratings_datasource | ratings beside human entries | 18.3.3 (2.2) |
| ingredient_v3_no_active_manifest | results without a manifest | 18.15.12.4.3 (2.2) |
| ingredient_v3_mandatory_validation_results | a manifest without results | 18.15.12.4.3 (2.2) |
| ingredient_relationship_values | relationships | 18.15.3 (2.2) |
| mandatory_dst_for_created_action | source type of what was created | 18.14.2 (2.2) |
| no_deprecated_claim_fields | version of the specification in the claim | 10.2.3.2 |
| ingredient_v3_choice | manifest and source type at once | 18.16.12.3 |
| alternative_content_representation_choice | where the original image is | 15.10.3.2.7 |
| forbidden_labels_in_external_references | what is referred to | 15.10.3.2.2, 18.24.1 |
| no_url_in_hashes | address in a hard binding | 18.5, 18.6 |
| all_actions_included_opened | completeness where a file is only saved again | 18.15.3 |
| opened_action_ingredient_reference | what was opened | 15.10.3.2.3, 18.15.4.7 |
| no_box_hash_for_tiff | kind of hard binding | 18.7.3.3, 15.10.1.2 |
"""

from __future__ import annotations

from collections.abc import Callable

from support.rubric import vocabulary as known
from support.rubric.document import Json, Manifest, active, base, inner, name_of

Check = Callable[[Manifest], list[str]]

_NOT_VALIDATED = ["no results of validation"]


def findings(document: Json, checks: tuple[Check, ...]) -> dict[str, list[str]]:
    """What each check objects to, by its name."""
    manifest = active(document)
    return {check.__name__: check(manifest) for check in checks}


def failed(document: Json, checks: tuple[Check, ...]) -> dict[str, list[str]]:
    """The checks that object to something, and to what."""
    return {name: found for name, found in findings(document, checks).items() if found}


# --- results of validation ------------------------------------------------------------------


def well_formed_data_present(manifest: Manifest) -> list[str]:
    return _NOT_VALIDATED if manifest.results is None else []


def well_formed_success(manifest: Manifest) -> list[str]:
    return _among(manifest, known.NOT_WELL_FORMED)


def valid_data_present(manifest: Manifest) -> list[str]:
    return _NOT_VALIDATED if manifest.results is None else []


def valid_success(manifest: Manifest) -> list[str]:
    return _among(manifest, known.NOT_VALID)


def trusted_data_present(manifest: Manifest) -> list[str]:
    return _NOT_VALIDATED if manifest.results is None else []


def trusted_success(manifest: Manifest) -> list[str]:
    return _among(manifest, known.NOT_TRUSTED)


def _among(manifest: Manifest, codes: frozenset[str]) -> list[str]:
    if manifest.failures is None:
        return _NOT_VALIDATED
    return [code for code in manifest.failures if code in codes]


# --- manifest and claim ---------------------------------------------------------------------


def active_manifest_urn(manifest: Manifest) -> list[str]:
    return [] if manifest.label.startswith("urn:c2pa:") else [manifest.label or "no label"]


def mandatory_spec_version(manifest: Manifest) -> list[str]:
    stated = manifest.generator.get("specVersion")
    if isinstance(stated, str) and stated.split(".")[:2] == known.SPEC_VERSION.split("."):
        return []
    return [str(stated)]


def no_deprecated_claim_fields(manifest: Manifest) -> list[str]:
    return ["specVersion"] if manifest.claim.get("specVersion") is not None else []


# --- assertions -----------------------------------------------------------------------------


def no_deprecated_assertions(manifest: Manifest) -> list[str]:
    return [
        label
        for label in manifest.labels
        if label.startswith("stds.") or label in known.DEPRECATED_ASSERTIONS
    ]


def no_unsupported_assertions(manifest: Manifest) -> list[str]:
    named = known.ASSERTIONS | known.DEPRECATED_ASSERTIONS
    return [
        label for label in manifest.labels if label.startswith("c2pa.") and base(label) not in named
    ]


def no_unrecognized_custom_assertions(manifest: Manifest) -> list[str]:
    return [label for label in manifest.labels if "." not in label]


def review_ratings_datasource(manifest: Manifest) -> list[str]:
    return [
        source
        for data in manifest.assertions
        if data.get("reviewRatings") is not None
        and (source := str(inner(data, "dataSource").get("type"))) in known.HUMAN_SOURCES
    ]


def alternative_content_representation_choice(manifest: Manifest) -> list[str]:
    wrong = []
    for data in manifest.assertions:
        stated = inner(data, "parameters")
        if known.ORIGINAL_PRESERVATION_IMAGE in (data.get("type"), stated.get("type")):
            places = ("multiAssetPartIndex", "embeddedOriginalPreservationImage")
            given = [place for place in places if stated.get(place) is not None]
            if len(given) != 1:
                wrong.append(" and ".join(given) or "no place")
    return wrong


def forbidden_labels_in_external_references(manifest: Manifest) -> list[str]:
    references = [
        str(data["label"])
        for data in manifest.assertions
        if data.get("label") is not None
        and data.get("url") is not None
        and data.get("relationship") is None
    ]
    return [
        label
        for label in references
        if label in known.NEVER_EXTERNAL or label.startswith(("c2pa.hash", "c2pa.ingredient"))
    ]


def no_url_in_hashes(manifest: Manifest) -> list[str]:
    bindings = ("c2pa.hash.data", "c2pa.hash.bmff.v3")
    return [label for label in bindings if manifest.assertion(label).get("url")]


def no_box_hash_for_tiff(manifest: Manifest) -> list[str]:
    media_type = manifest.assertion("c2pa.asset-type.v2").get("dc:format")
    if media_type in known.TIFF_TYPES and "c2pa.hash.boxes" in manifest.labels:
        return [media_type]
    return []


# --- ingredients ----------------------------------------------------------------------------


def ingredient_v3_no_active_manifest(manifest: Manifest) -> list[str]:
    return _ingredients(manifest, having="validationResults", without="activeManifest")


def ingredient_v3_mandatory_validation_results(manifest: Manifest) -> list[str]:
    return _ingredients(manifest, having="activeManifest", without="validationResults")


def ingredient_v3_choice(manifest: Manifest) -> list[str]:
    return [
        str(data["digitalSourceType"])
        for data in manifest.ingredients
        if data.get("activeManifest") is not None and data.get("digitalSourceType") is not None
    ]


def ingredient_relationship_values(manifest: Manifest) -> list[str]:
    stated = [str(data["relationship"]) for data in manifest.ingredients]
    return [value for value in stated if value not in known.RELATIONSHIPS]


def _ingredients(manifest: Manifest, *, having: str, without: str) -> list[str]:
    return [
        f"{having} without {without}"
        for data in manifest.ingredients
        if data.get(having) is not None and data.get(without) is None
    ]


# --- actions --------------------------------------------------------------------------------


def inception_action_position(manifest: Manifest) -> list[str]:
    lists = [url for url in manifest.created if "c2pa.actions" in url]
    if not lists:
        return ["no actions among the created assertions"]
    if not lists[0].endswith("c2pa.actions.v2"):
        return [lists[0]]
    names = [name_of(action) for action in manifest.actions]
    if "c2pa.created" in names and names[0] not in known.INCEPTION:
        return [names[0]]
    return []


def mandatory_all_actions_included(manifest: Manifest) -> list[str]:
    return [
        "a list of actions"
        for data in manifest.action_lists
        if data.get("allActionsIncluded") is None
    ]


def mandatory_dst_for_created_action(manifest: Manifest) -> list[str]:
    return [name for name in _without_source_type(manifest) if name == "c2pa.created"]


def mandatory_dst_for_perceptible_transformations(manifest: Manifest) -> list[str]:
    return [
        name
        for name in _without_source_type(manifest)
        if name.startswith("c2pa.") and name not in known.NEED_NO_SOURCE_TYPE
    ]


def no_dst_for_opened_action(manifest: Manifest) -> list[str]:
    kinds = [action.get("digitalSourceType") for action in _opened(manifest)]
    return [str(kind) for kind in kinds if kind is not None]


def no_deprecated_actions(manifest: Manifest) -> list[str]:
    return [name for name in map(name_of, manifest.actions) if name in known.DEPRECATED_ACTIONS]


def no_unsupported_actions(manifest: Manifest) -> list[str]:
    names = [name_of(action) for action in manifest.actions]
    return [name for name in names if name.startswith("c2pa.") and name not in known.ACTIONS]


def no_unrecognized_custom_actions(manifest: Manifest) -> list[str]:
    return [name for name in map(name_of, manifest.actions) if "." not in name]


def no_unrecognized_custom_action_parameters(manifest: Manifest) -> list[str]:
    names = [name for action in manifest.actions for name in inner(action, "parameters")]
    return [name for name in names if name not in known.PARAMETERS and "." not in name]


def discouraged_legacy_action_parameters(manifest: Manifest) -> list[str]:
    return [
        name_of(action)
        for action in manifest.actions
        for name in ("description", "ingredient")
        if inner(action, "parameters").get(name) is not None
    ]


def all_actions_included_opened(manifest: Manifest) -> list[str]:
    complete = manifest.assertion("c2pa.actions.v2").get("allActionsIncluded") is True
    if complete or [name_of(action) for action in manifest.actions] != ["c2pa.opened"]:
        return []
    return ["c2pa.opened"]


def opened_action_ingredient_reference(manifest: Manifest) -> list[str]:
    counts = [
        len(inner(action, "parameters").get("ingredients") or []) for action in _opened(manifest)
    ]
    return [f"{count} ingredients" for count in counts if count != 1]


def _opened(manifest: Manifest) -> list[Json]:
    return [action for action in manifest.actions if name_of(action) == "c2pa.opened"]


def _without_source_type(manifest: Manifest) -> list[str]:
    return [
        name_of(action) for action in manifest.actions if action.get("digitalSourceType") is None
    ]


#: Conformance 0.2, specification 2.4.
CHECKS: tuple[Check, ...] = (
    mandatory_dst_for_perceptible_transformations,
    mandatory_spec_version,
    mandatory_all_actions_included,
    no_dst_for_opened_action,
    well_formed_data_present,
    well_formed_success,
    valid_data_present,
    valid_success,
    inception_action_position,
    no_deprecated_assertions,
    no_unsupported_assertions,
    no_deprecated_actions,
    no_unsupported_actions,
    no_unrecognized_custom_assertions,
    no_unrecognized_custom_actions,
    no_unrecognized_custom_action_parameters,
    discouraged_legacy_action_parameters,
    active_manifest_urn,
    review_ratings_datasource,
    ingredient_v3_no_active_manifest,
    ingredient_v3_mandatory_validation_results,
    ingredient_relationship_values,
    mandatory_dst_for_created_action,
    no_deprecated_claim_fields,
    ingredient_v3_choice,
    alternative_content_representation_choice,
    forbidden_labels_in_external_references,
    no_url_in_hashes,
    all_actions_included_opened,
    opened_action_ingredient_reference,
    no_box_hash_for_tiff,
)

#: Of the integrity rubric, beside the four on well-formed and valid manifests.
TRUST_CHECKS: tuple[Check, ...] = (trusted_data_present, trusted_success)
