//! Records of templates.

/// A revision of a template, to be saved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewTemplate {
    /// The template's name.
    pub name: String,
    /// The exact JSON text of what it says; the store does not look into it.
    pub body: String,
    /// The revision that it was made of, which must be the newest; `None` for a template that is not there.
    pub revises: Option<i64>,
    /// When it is saved.
    pub saved_at: i64,
    /// The agent that saves it.
    pub saved_by: String,
}

/// A template, in one of its revisions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Template {
    /// Its name.
    pub name: String,
    /// Its revision: 1 at first, and never used again.
    pub revision: i64,
    /// The exact JSON text of what it says.
    pub body: String,
    /// When it was created.
    pub created_at: i64,
    /// The agent that created it.
    pub created_by: String,
    /// When this revision was saved.
    pub saved_at: i64,
    /// The agent that saved it.
    pub saved_by: String,
    /// When the template was deleted; `None` while it is there.
    pub deleted_at: Option<i64>,
}

/// What deleting a template did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DeletedTemplate {
    /// Its last revision.
    pub revision: i64,
    /// How many passports by it are live still.
    pub live: u64,
}

/// By which template a passport is issued.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TemplateUse {
    /// Its name.
    pub name: String,
    /// The revision.
    pub revision: i64,
    /// The values of its parameters, as JSON text.
    pub parameters: String,
}
