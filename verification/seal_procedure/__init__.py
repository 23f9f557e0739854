"""What must hold before a seal is believed: the same steps as for a presentation. Described in docs/seal.md."""

from portadoc.verification.seal_procedure.procedure import verify_sealed
from portadoc.verification.seal_procedure.signers import HeldSigners, SealSigners

__all__ = ["HeldSigners", "SealSigners", "verify_sealed"]
