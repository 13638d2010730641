//! Keys in a PKCS#11 token (OASIS PKCS#11 version 3): a hardware module, or SoftHSM.
//!
//! The token makes each key, marked as one that it never gives out, and signs with it. A key is found by `CKA_ID`, which is its
//! thumbprint; all of ours carry the label `passport`.

use std::fmt;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

use cryptoki::context::{CInitializeArgs, CInitializeFlags, Pkcs11};
use cryptoki::mechanism::Mechanism;
use cryptoki::mechanism::eddsa::{EddsaParams, EddsaSignatureScheme};
use cryptoki::object::{Attribute, AttributeType, ObjectClass, ObjectHandle};
use cryptoki::session::{Session, UserType};
use cryptoki::types::AuthPin;
use passport_shared::jose::SIGNATURE_BYTES;
use passport_shared::key_set::{KeyId, PublicKey, PublicKeyBytes};
use rand_core::CryptoRng;

use crate::passphrase::Passphrase;
use crate::vault::{KeyVault, VaultError};

/// The label of every key of ours.
const LABEL: &[u8] = b"passport";

/// `CKA_EC_PARAMS` of Ed25519: the name of the curve, as a DER PrintableString (PKCS#11 3.0, section 2.3.10).
const ED25519: [u8; 14] = *b"\x13\x0cedwards25519";

/// An `CKA_EC_POINT` is wrapped in a DER OCTET STRING: 32 bytes.
const POINT: [u8; 2] = [0x04, 0x20];

/// Where a token is, and what opens it.
pub struct Pkcs11Settings {
    /// The library that speaks for it, as `/usr/lib/softhsm/libsofthsm2.so`.
    pub module: PathBuf,
    /// Its label.
    pub token: String,
    /// The user's PIN.
    pub pin: Passphrase,
}

/// Never the PIN.
impl fmt::Debug for Pkcs11Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pkcs11Settings").field("module", &self.module).field("token", &self.token).finish_non_exhaustive()
    }
}

/// A [`KeyVault`] in a PKCS#11 token. One session, which callers share in turn.
pub struct Pkcs11Vault {
    place: String,
    session: Mutex<Session>,
}

impl fmt::Debug for Pkcs11Vault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pkcs11Vault").field("place", &self.place).finish_non_exhaustive()
    }
}

impl Pkcs11Vault {
    /// Opens the token of this label, and logs in.
    ///
    /// # Errors
    /// [`VaultError::Elsewhere`] if the library cannot be loaded, there is no such token, or the PIN is wrong.
    pub fn open(settings: &Pkcs11Settings) -> Result<Self, VaultError> {
        let place = format!("the PKCS#11 token `{}` of `{}`", settings.token, settings.module.display());
        let failed = |error: cryptoki::error::Error| elsewhere(&place, error);
        let module = Pkcs11::new(&settings.module).map_err(failed)?;
        module.initialize(CInitializeArgs::new(CInitializeFlags::OS_LOCKING_OK)).map_err(failed)?;
        let slots = module.get_slots_with_initialized_token().map_err(failed)?;
        let labelled = |slot: &cryptoki::slot::Slot| module.get_token_info(*slot).is_ok_and(|token| token.label() == settings.token);
        let slot = slots.into_iter().find(labelled).ok_or_else(|| elsewhere(&place, "there is no token with this label"))?;
        let session = module.open_rw_session(slot).map_err(failed)?;
        session.login(UserType::User, Some(&AuthPin::new(settings.pin.as_text().into()))).map_err(failed)?;
        Ok(Self { place, session: Mutex::new(session) })
    }

    fn with<T>(&self, act: impl FnOnce(&Session) -> Result<T, cryptoki::error::Error>) -> Result<T, VaultError> {
        // One that panicked in the middle has left the session as it was, or closed, which the next call is told.
        let session = self.session.lock().unwrap_or_else(PoisonError::into_inner);
        act(&session).map_err(|error| elsewhere(&self.place, error))
    }

    fn find(&self, class: ObjectClass, id: &[u8]) -> Result<Vec<ObjectHandle>, VaultError> {
        let wanted = [Attribute::Class(class), Attribute::Label(LABEL.to_vec()), Attribute::Id(id.to_vec())];
        self.with(|session| session.find_objects(&wanted))
    }

    /// The public half of a key that was just made.
    fn point(&self, public: ObjectHandle) -> Result<PublicKey, VaultError> {
        let attributes = self.with(|session| session.get_attributes(public, &[AttributeType::EcPoint]))?;
        let point = attributes.into_iter().find_map(|attribute| match attribute {
            Attribute::EcPoint(point) => Some(point),
            _ => None,
        });
        let bytes = point.as_deref().and_then(|point| point.strip_prefix(&POINT).or(Some(point)));
        let bytes: Option<PublicKeyBytes> = bytes.and_then(|bytes| bytes.try_into().ok());
        bytes.map(PublicKey::new).ok_or_else(|| elsewhere(&self.place, "it gave no Ed25519 point for a key that it made"))
    }

    fn make(&self, name: &[u8]) -> Result<(ObjectHandle, ObjectHandle), VaultError> {
        let label = || Attribute::Label(LABEL.to_vec());
        let id = || Attribute::Id(name.to_vec());
        let public = [
            Attribute::Token(true),
            Attribute::Private(false),
            Attribute::Verify(true),
            Attribute::EcParams(ED25519.to_vec()),
            label(),
            id(),
        ];
        let private = [
            Attribute::Token(true),
            Attribute::Private(true),
            Attribute::Sensitive(true),
            Attribute::Extractable(false),
            Attribute::Sign(true),
            label(),
            id(),
        ];
        self.with(|session| session.generate_key_pair(&Mechanism::EccEdwardsKeyPairGen, &public, &private))
    }

    fn destroy(&self, object: ObjectHandle) -> Result<(), VaultError> {
        self.with(|session| session.destroy_object(object))
    }
}

impl KeyVault for Pkcs11Vault {
    /// The token's own randomness makes the key; `rng` only names it until its thumbprint is known.
    fn create(&self, rng: &mut dyn CryptoRng) -> Result<PublicKey, VaultError> {
        let mut name = [0; 16];
        rng.fill_bytes(&mut name);
        let (public, private) = self.make(&name)?;
        let named = self.point(public).and_then(|key| {
            let id = [Attribute::Id(key.id.as_str().as_bytes().to_vec())];
            self.with(|session| session.update_attributes(public, &id).and_then(|()| session.update_attributes(private, &id)))?;
            Ok(key)
        });
        if named.is_err() {
            // Nobody would ever find it.
            let _ = self.destroy(private).and_then(|()| self.destroy(public));
        }
        named
    }

    fn sign(&self, id: &KeyId, bytes: &[u8]) -> Result<[u8; SIGNATURE_BYTES], VaultError> {
        let found = self.find(ObjectClass::PRIVATE_KEY, id.as_str().as_bytes())?;
        let key = *found.first().ok_or_else(|| elsewhere(&self.place, format!("there is no key `{id}`")))?;
        let mechanism = Mechanism::Eddsa(EddsaParams::new(EddsaSignatureScheme::Pure));
        let signature = self.with(|session| session.sign(&mechanism, key, bytes))?;
        signature.try_into().map_err(|_| elsewhere(&self.place, "its signature is none of Ed25519"))
    }

    fn forget(&self, id: &KeyId) -> Result<(), VaultError> {
        for class in [ObjectClass::PRIVATE_KEY, ObjectClass::PUBLIC_KEY] {
            for object in self.find(class, id.as_str().as_bytes())? {
                self.destroy(object)?;
            }
        }
        Ok(())
    }

    fn holds(&self) -> Result<Vec<KeyId>, VaultError> {
        let wanted = [Attribute::Class(ObjectClass::PRIVATE_KEY), Attribute::Label(LABEL.to_vec())];
        let keys = self.with(|session| {
            session
                .find_objects(&wanted)?
                .into_iter()
                .map(|key| session.get_attributes(key, &[AttributeType::Id]))
                .collect::<Result<Vec<_>, _>>()
        })?;
        let id = |attribute: Attribute| match attribute {
            Attribute::Id(id) => String::from_utf8(id).ok()?.parse().ok(),
            _ => None,
        };
        // One that was never named is none of ours to use.
        Ok(keys.into_iter().flatten().filter_map(id).collect())
    }
}

fn elsewhere(place: &str, source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> VaultError {
    VaultError::Elsewhere { place: place.to_owned(), source: source.into() }
}
