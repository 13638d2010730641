//! TLS at the issuer's own door: a certificate and its key from files, read anew when they change.

use std::fs::{self, File};
use std::io::{self, Read as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use arc_swap::ArcSwap;
use tokio::signal::unix::{SignalKind, signal};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::{self, ServerConfig};

/// More than any chain of certificates needs.
const FILE_BYTES: u64 = 1 << 20;

/// How often the files are looked at.
const LOOK_EVERY: Duration = Duration::from_secs(60);

/// Why a certificate is not served.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// A file cannot be read.
    #[error("cannot read `{}`: {source}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// Everybody can read the key.
    #[error("everybody can get at the key `{}`; run `chmod 600 '{}'`", path.display(), path.display())]
    Exposed {
        /// The file.
        path: PathBuf,
    },
    /// A file does not hold what it should.
    #[error("`{}` holds no {wanted} in PEM", path.display())]
    NotPem {
        /// The file.
        path: PathBuf,
        /// What it should hold.
        wanted: &'static str,
    },
    /// The two do not go together, or TLS cannot be spoken with them.
    #[error("`{}` and `{}` cannot be used: {source}", cert.display(), key.display())]
    Unusable {
        /// The certificate's file.
        cert: PathBuf,
        /// The key's file.
        key: PathBuf,
        /// Why not.
        source: rustls::Error,
    },
}

/// When and how long a file was.
type Stamp = Option<(SystemTime, u64)>;

/// A certificate, as it is served now.
#[derive(Debug)]
pub struct Tls {
    cert: PathBuf,
    key: PathBuf,
    config: ArcSwap<ServerConfig>,
    /// The files that the certificate came from.
    stamps: Mutex<[Stamp; 2]>,
}

impl Tls {
    /// With the certificate chain in the file `cert` and its key in `key`, both PEM.
    ///
    /// # Errors
    /// [`TlsError`], naming the file.
    pub fn open(cert: PathBuf, key: PathBuf) -> Result<Self, TlsError> {
        let stamps = Mutex::new([stamp(&cert), stamp(&key)]);
        let config = ArcSwap::from_pointee(load(&cert, &key)?);
        Ok(Self { cert, key, config, stamps })
    }

    /// What does the next handshake.
    pub(super) fn acceptor(&self) -> TlsAcceptor {
        self.config.load_full().into()
    }

    /// Reads the files anew. On an error the certificate from before is served on.
    ///
    /// # Errors
    /// [`TlsError`], naming the file.
    pub fn reload(&self) -> Result<(), TlsError> {
        // Before they are read: what changes meanwhile is read once more.
        let stamps = self.look();
        self.config.store(Arc::new(load(&self.cert, &self.key)?));
        *self.stamps.lock().unwrap_or_else(PoisonError::into_inner) = stamps;
        Ok(())
    }

    fn look(&self) -> [Stamp; 2] {
        [stamp(&self.cert), stamp(&self.key)]
    }

    fn changed(&self) -> bool {
        *self.stamps.lock().unwrap_or_else(PoisonError::into_inner) != self.look()
    }

    /// Reads the files anew at each SIGHUP, and within a minute after they have changed, for as long as it is polled. The
    /// signal is listened to from this call on.
    ///
    /// # Errors
    /// If the signal cannot be listened to.
    pub fn follow(self: Arc<Self>) -> io::Result<impl Future<Output = ()>> {
        let mut hangup = signal(SignalKind::hangup())?;
        Ok(async move {
            loop {
                let asked = tokio::select! {
                    heard = hangup.recv() => heard.is_some(),
                    () = tokio::time::sleep(LOOK_EVERY) => false,
                };
                if !asked && !self.changed() {
                    continue;
                }
                match self.reload() {
                    Ok(()) => tracing::info!(cert = %self.cert.display(), "the certificate was read anew"),
                    Err(error) => tracing::error!(%error, "the certificate from before is served on"),
                }
            }
        })
    }
}

fn stamp(path: &Path) -> Stamp {
    let metadata = fs::metadata(path).ok()?;
    Some((metadata.modified().ok()?, metadata.len()))
}

fn load(cert: &Path, key: &Path) -> Result<ServerConfig, TlsError> {
    let not_pem = |path: &Path, wanted| TlsError::NotPem { path: path.to_owned(), wanted };
    let unusable = |source| TlsError::Unusable { cert: cert.to_owned(), key: key.to_owned(), source };
    let chain: Vec<_> = CertificateDer::pem_slice_iter(&read(cert, false)?).collect::<Result<_, _>>().unwrap_or_default();
    if chain.is_empty() {
        return Err(not_pem(cert, "certificate"));
    }
    let secret = PrivateKeyDer::from_pem_slice(&read(key, true)?).map_err(|_| not_pem(key, "private key"))?;
    let builder = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()));
    let builder = builder.with_safe_default_protocol_versions().map_err(unusable)?;
    // It refuses a key that is not the certificate's.
    let mut config = builder.with_no_client_auth().with_single_cert(chain, secret).map_err(unusable)?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(config)
}

fn read(path: &Path, secret: bool) -> Result<Vec<u8>, TlsError> {
    let unreadable = |source| TlsError::Unreadable { path: path.to_owned(), source };
    let file = File::open(path).map_err(unreadable)?;
    // A group may share it, as servers of one machine do.
    if secret && file.metadata().map_err(unreadable)?.permissions().mode() & 0o007 != 0 {
        return Err(TlsError::Exposed { path: path.to_owned() });
    }
    let mut bytes = Vec::new();
    file.take(FILE_BYTES).read_to_end(&mut bytes).map_err(unreadable)?;
    Ok(bytes)
}
