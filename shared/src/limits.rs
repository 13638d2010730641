//! Every bound of the language, in one place, each with its reason.
//!
//! A bound is enforced before the work that it bounds, so that a hostile token or request of any size
//! costs microseconds and not memory.

/// Bytes in a compact token unless a verifier is set otherwise: room for 64 grants of ordinary size,
/// and within what common HTTP servers accept as a header.
pub const TOKEN_BYTES: usize = 8_192;

/// The most that a verifier's token bound can be set to: above this, even refusing is real work.
pub const TOKEN_BYTES_MAX: usize = 65_536;

/// Objects and arrays open at once in a header, payload or request, the outermost included:
/// a passport needs six.
pub const JSON_DEPTH: usize = 8;

/// Bytes of a string in a claim or a grant: an identifier or a pattern, not a document.
pub const STRING_BYTES: usize = 256;

/// Entries in `authorization_details`: each may be looked at for each decision.
pub const GRANTS: usize = 64;

/// Rules in the claim `hiddenAttributes`: each grant can have one.
pub const HIDDEN_RULES: usize = GRANTS;

/// People that one grant can ask for, to approve one use: more is a meeting.
pub const APPROVERS: i64 = 4;

/// Seconds that an approval lives at most: it is for what is about to be done.
pub const APPROVAL_LIFE: i64 = 900;

/// Patterns in one `allowedActions` or `blockedActions`.
pub const ACTIONS: usize = 64;

/// Attributes that one grant may constrain.
pub const CONSTRAINED_ATTRIBUTES: usize = 16;

/// Values in one list operand, and audiences of one passport.
pub const OPERAND_VALUES: usize = 128;

/// Attributes of one request.
pub const REQUEST_ATTRIBUTES: usize = 64;

/// Items in one list attribute of a request.
pub const REQUEST_ITEMS: usize = 128;

/// Bytes of a string attribute, or of an item of a list attribute, of a request.
pub const REQUEST_STRING_BYTES: usize = 4_096;

/// Bytes of a request as JSON text: more than any request within the other bounds that is of use,
/// little enough to read in a millisecond.
pub const REQUEST_BYTES: usize = 1_048_576;

/// Parameters of one template: each is a question that somebody has to answer.
pub const TEMPLATE_PARAMETERS: usize = 32;

/// Bytes of a parameter's name: a word.
pub const TEMPLATE_NAME_BYTES: usize = 64;

/// Bytes of a parameter's description: a sentence.
pub const TEMPLATE_TEXT_BYTES: usize = 256;

/// Values in the `enum` of a parameter: with each of them the template is tried when it is saved.
pub const TEMPLATE_CHOICES: usize = 64;

/// Bytes of a template's grants, and of its parameters: far more than what fits in a token, little enough to be read
/// once for each value of an `enum`.
pub const TEMPLATE_BYTES: usize = 65_536;

/// Significant digits of an exact decimal: beyond every currency and every counter.
pub const DECIMAL_DIGITS: usize = 28;

/// Digits after the point of an exact decimal.
pub const DECIMAL_PLACES: usize = 28;

/// The last second of the year 9999, in seconds since 1970: the last time that RFC 3339 can write.
pub const TIME_MAX: i64 = 253_402_300_799;

/// Bytes of a decision's `message`: a sentence, whatever it quotes.
pub const MESSAGE_BYTES: usize = 512;

/// Keys in a JWK set: each costs a digest to read and a decompression to trust.
pub const KEYS: usize = 1_024;

/// Bytes of a JWK set: as many keys as may be in it.
pub const KEY_SET_BYTES: usize = 262_144;

/// Key endorsements in a trust bundle: each costs a signature check, and the newest few reach back far enough.
pub const ENDORSEMENTS: usize = 16;

/// Bytes of a trust bundle: ten million passports with one in a hundred revoked take about 0.6 MB.
pub const TRUST_BUNDLE_BYTES: usize = 16_777_216;

/// Bytes that one status list may inflate to: 2^23 entries of one bit. A list that says it is larger
/// is refused before it is inflated further.
pub const STATUS_LIST_BYTES: usize = 1_048_576;

/// Events in one audit batch.
pub const AUDIT_BATCH: usize = 1_000;

/// Bytes of one audit event: whatever a reporter takes, the issuer takes too, or a decision would be lost between them.
pub const AUDIT_EVENT_BYTES: usize = 1_048_576;

/// Bytes of a signed note: a checkpoint with the signatures of its witnesses, of which those that withstand quantum computers have 7,000 each.
pub const LOG_NOTE_BYTES: usize = 262_144;

/// Signatures on a note: four times what C2SP signed-note asks for at least.
pub const LOG_NOTE_SIGNATURES: usize = 64;

/// Bytes of a file that proves one decision: the largest event with every byte escaped, a checkpoint, and 64 hashes.
pub const LOG_PROOF_BYTES: usize = 8_388_608;
