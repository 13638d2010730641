//! Records of the console: sessions, and links that open one.

/// A session, or a link that opens one: a secret in somebody's hand, and what it stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConsoleKey {
    /// SHA-256 of the secret, in hexadecimal; the secret itself is kept nowhere.
    pub hash: String,
    /// The passport that it stands for.
    pub passport_id: String,
    /// When it was made.
    pub created_at: i64,
    /// When it ends.
    pub expires_at: i64,
}
