"""Steps 8 and 9 of the release order, and what is left where a step fails."""

from __future__ import annotations

from dataclasses import dataclass

from provenance.errors import PendingError, ProvenanceError, RegistryError
from provenance.model.generation import IssuedFile, Record, RecordState
from provenance.registry import RecordStore
from provenance.stamp.target import Target


@dataclass(frozen=True, slots=True, kw_only=True)
class Release:
    """One record on its way out, and where its file goes."""

    store: RecordStore
    target: Target
    record: Record

    def finish(self, file: IssuedFile) -> None:
        """Steps 8 and 9.

        If they fail, the file stays beside and its record issued: the sweeper finishes both. Of a
        request somebody else may have been given this very file, so that it keeps its name.

        Raises:
            ProvenanceError: `E_IO`, the name could not be given.
            RegistryError: it could not be noted.
        """
        try:
            self._name(file)
            self.note()
        except BaseException:
            if self.record.request is None:
                self.target.withdraw()
            raise

    def _name(self, file: IssuedFile) -> None:
        """Step 8; of a request somebody else may have done it meanwhile."""
        try:
            self.target.publish()
        except ProvenanceError:
            if self.record.request is None or not self.target.adopt(file.sha256):
                raise
        self.target.discard()

    def note(self) -> None:
        """Step 9; somebody else may have done it meanwhile, or an error came after the commit.

        Raises:
            RegistryError: it could not be noted.
        """
        try:
            self.store.release(self.record.record_id)
        except RegistryError:
            found = self.store.find_by_id(self.record.record_id)
            if found is None or found.state is not RecordState.RELEASED:
                raise

    def give_up(self, error: BaseException, *, committing: bool) -> None:
        """Before step 8: leave no file and no open record; never hide the error that led here.

        A commit that reports an error may have been made all the same (a directory that could
        not be synced). Then the record cannot become void, and the file is kept beside for the
        sweeper to finish; nobody takes it for released before that.

        A pending record stays so, and its picture can be signed again until it expires; where it
        is known that another signing was faster, there is nothing to find out.
        """
        committing = committing and not isinstance(error, PendingError)
        if not committing:
            self.target.discard()
        marking = self.record.marking
        what = "voided" if marking is None else "left pending"
        try:
            if marking is None:
                self.store.void(self.record.record_id)
            elif committing:  # whoever may write it knows how the commit ended
                self.store.hold(self.record.record_id, marking)
        except RegistryError as second:
            error.add_note(f"record {self.record.record_id} could not be {what}: {second}")
        else:
            self.target.discard()
