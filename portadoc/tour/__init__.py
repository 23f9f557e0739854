"""The guided tour in a browser: one attestation from its offer to its refusal, all data TEST DATA."""
