"""Whether an issuer keeps to OpenID4VCI 1.0 and a profile of it, found out from outside: by HTTP alone.

The kit is a wallet that does one thing wrong at a time. It needs of the operator of the issuer under test:

1. Trust in the kit's wallet provider, where the profile asks for client or key attestations
   (``portadoc conformance wallet-provider`` writes what to import).
2. Offers, or somebody who signs in. Modules that get neither are skipped, and the run says that it is incomplete.

Two programs of the operator can give what a person would; each is run without a shell, with the text of the option
parted as a shell would part it, and has ``PROGRAM_SECONDS`` to end with exit code 0. What it writes to standard
error is shown to whoever runs the kit; what it prints is kept out of every report.

``--offers-from PROGRAM``
    is run as ``PROGRAM WANT``; WANT is a word of ``Want``. It prints a fresh offer on the first line (a link
    such as ``openid-credential-offer://?...``) and, where the offer asks for one, the transaction code on the
    second line. No line at all means that it has no such offer. WANT is one of:

    ``pre-authorized``               a pre-authorised code, no transaction code
    ``pre-authorized-with-tx-code``  a pre-authorised code with a transaction code
    ``authorization-code``           the authorization code grant with its ``issuer_state``
    ``deferred``                     an offer (of either grant) of a credential that is not ready: the credential
                                     endpoint answers with a ``transaction_id``
    ``several``                      an offer (of either grant) of two or more credentials of one configuration
    ``deferred-ready``               no offer: make what was deferred last ready now, and print nothing

``--sign-in PROGRAM``
    is run as ``PROGRAM ADDRESS``; ADDRESS is where a wallet would send the browser. It acts as the person would
    (signs in, agrees) and prints the address that the browser would be sent to at the end: the kit's redirect
    address with ``code``, ``state`` and ``iss``. The kit starts the flow with an ``issuer_state`` where it has an
    offer (``authorization-code``), and on its own where it has none. Without the option it prints ADDRESS and
    listens on a port of this machine for the browser to come back.

Spec: OpenID4VCI 1.0, HAIP 1.0, RFC 9449, RFC 9126, draft-ietf-oauth-attestation-based-client-auth-07 and -10;
the modules that start with ``oid4vci-1_0-issuer-`` have the names that the conformance suite of the OpenID
Foundation gives to what they ask, those that start with ``portadoc-issuer-`` ask what it leaves open.
"""
