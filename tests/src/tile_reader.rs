//! Follows a log from its files alone: a second, plain implementation, written from C2SP tlog-tiles, tlog-checkpoint and
//! signed-note and RFC 6962, section 2.1. It shares no code with the first, recurses as the RFC does, and is slow.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest as _, Sha256};

/// A hash of the tree.
pub type Hash = [u8; 32];

/// Where the files of a log come from: a path below the log's prefix, such as `tile/0/000.p/1`, and what is there.
pub type Files<'f> = dyn Fn(&str) -> Option<Vec<u8>> + 'f;

/// A log that is read.
pub struct TileReader<'f> {
    files: &'f Files<'f>,
    /// Entries at the checkpoint that is followed.
    pub size: u64,
    /// The root that it names.
    pub root: Hash,
}

impl<'f> TileReader<'f> {
    /// Reads the checkpoint and checks its signature by `vkey`, `<name>+<id>+<base64>`. The error says what is wrong.
    pub fn open(files: &'f Files<'f>, vkey: &str) -> Result<TileReader<'f>, String> {
        let note = String::from_utf8(files("checkpoint").ok_or("there is no checkpoint")?).map_err(|_| "no text")?;
        let text = verified(&note, vkey)?;
        let lines: Vec<&str> = text.lines().collect();
        let [origin, size, root, ..] = lines[..] else { return Err("a checkpoint has three lines".to_owned()) };
        if vkey.split('+').next() != Some(origin) {
            return Err(format!("the log is {origin}"));
        }
        let root = STANDARD.decode(root).ok().and_then(|root| root.try_into().ok()).ok_or("the root is no hash")?;
        Ok(TileReader { files, size: size.parse().map_err(|_| "the size is no number")?, root })
    }

    /// Reads every file that the tree has and holds all of them against one another and the checkpoint: the entries against
    /// the leaves, each tile against the one below, the root. Gives the entries.
    pub fn check(&self) -> Result<Vec<Vec<u8>>, String> {
        let mut entries = Vec::new();
        while (entries.len() as u64) < self.size {
            let from = entries.len() as u64;
            let width = (self.size - from).min(256);
            let path = path("entries", from / 256, width);
            let bytes = (self.files)(&path).ok_or(format!("{path} is missing"))?;
            let mut rest = &bytes[..];
            for _ in 0..width {
                let length = rest.get(..2).ok_or(format!("{path} is cut"))?;
                let length = usize::from(length[0]) * 256 + usize::from(length[1]);
                entries.push(rest.get(2..2 + length).ok_or(format!("{path} is cut"))?.to_vec());
                rest = &rest[2 + length..];
            }
            if !rest.is_empty() {
                return Err(format!("{path} is too long"));
            }
        }
        let mut hashes: Vec<Hash> = entries.iter().map(|entry| sha256(&[&[0], entry])).collect();
        let root = mth(&hashes);
        let mut level = 0;
        while !hashes.is_empty() {
            for (index, tile) in hashes.chunks(256).enumerate() {
                let path = path(&level.to_string(), index as u64, tile.len() as u64);
                if (self.files)(&path).ok_or(format!("{path} is missing"))? != tile.concat() {
                    return Err(format!("{path} does not have the hashes of what is below it"));
                }
            }
            hashes = hashes.chunks_exact(256).map(mth).collect();
            level += 1;
        }
        if root == self.root { Ok(entries) } else { Err("the entries do not have the root of the checkpoint".to_owned()) }
    }

    /// The hash of the entries from `from` to before `to`, from tiles alone: `MTH(D[from:to])`.
    pub fn hash(&self, from: u64, to: u64) -> Result<Hash, String> {
        let count = to - from;
        if count == 0 {
            return Ok(sha256(&[]));
        }
        let level = (0..8).find(|level| count == 256_u64.pow(*level) && from.is_multiple_of(count));
        if let Some(level) = level {
            let place = from / count;
            let all = self.size / count;
            let tile = path(&level.to_string(), place / 256, (all - place / 256 * 256).min(256));
            let bytes = (self.files)(&tile).ok_or(format!("{tile} is missing"))?;
            let at = (place % 256) as usize * 32;
            return bytes.get(at..at + 32).and_then(|hash| hash.try_into().ok()).ok_or(format!("{tile} is cut"));
        }
        let middle = from + below(count);
        Ok(node(&self.hash(from, middle)?, &self.hash(middle, to)?))
    }

    /// `PATH(index, D[from:to])` of RFC 6962, section 2.1.1, where `index` counts from `from`.
    pub fn path(&self, index: u64, from: u64, to: u64) -> Result<Vec<Hash>, String> {
        if to - from == 1 {
            return Ok(Vec::new());
        }
        let k = below(to - from);
        let (mut path, beside) = match index < k {
            true => (self.path(index, from, from + k)?, self.hash(from + k, to)?),
            false => (self.path(index - k, from + k, to)?, self.hash(from, from + k)?),
        };
        path.push(beside);
        Ok(path)
    }

    /// `PROOF(old, D[0:new])` of RFC 6962, section 2.1.2.
    pub fn proof(&self, old: u64, new: u64) -> Result<Vec<Hash>, String> {
        self.subproof(old, 0, new, true)
    }

    fn subproof(&self, m: u64, from: u64, to: u64, is_known: bool) -> Result<Vec<Hash>, String> {
        if m == to - from {
            return if is_known { Ok(Vec::new()) } else { Ok(vec![self.hash(from, to)?]) };
        }
        let k = below(to - from);
        let (mut proof, beside) = match m <= k {
            true => (self.subproof(m, from, from + k, is_known)?, self.hash(from + k, to)?),
            false => (self.subproof(m - k, from + k, to, false)?, self.hash(from, from + k)?),
        };
        proof.push(beside);
        Ok(proof)
    }
}

/// The text of a note that the key has signed.
fn verified<'n>(note: &'n str, vkey: &str) -> Result<&'n str, String> {
    let (name, rest) = vkey.split_once('+').ok_or("no key")?;
    let (id, key) = rest.split_once('+').ok_or("no key")?;
    let key: [u8; 33] = STANDARD.decode(key).ok().and_then(|key| key.try_into().ok()).ok_or("no key")?;
    let key_id = &sha256(&[name.as_bytes(), b"\n", &key])[..4];
    if key[0] != 1 || key_id.iter().map(|byte| format!("{byte:02x}")).collect::<String>() != id {
        return Err("the key's id is wrong".to_owned());
    }
    let end = note.rfind("\n\n").ok_or("no note")? + 1;
    let (text, signatures) = (&note[..end], &note[end + 1..]);
    let mine = signatures.lines().filter_map(|line| line.strip_prefix(&format!("\u{2014} {name} ")));
    let mut decoded = mine.filter_map(|line| STANDARD.decode(line).ok()).filter(|bytes| bytes.starts_with(key_id));
    let signature: [u8; 64] = decoded.next().and_then(|bytes| bytes[4..].try_into().ok()).ok_or("the key has not signed")?;
    let key = ed25519_dalek::VerifyingKey::from_bytes(&key[1..].try_into().expect("32")).map_err(|_| "no point")?;
    let signature = ed25519_dalek::Signature::from_bytes(&signature);
    key.verify_strict(text.as_bytes(), &signature).map_err(|_| "the signature is false")?;
    Ok(text)
}

/// `tile/<level>/<N>[.p/<W>]`.
fn path(level: &str, index: u64, width: u64) -> String {
    let mut number = format!("{:03}", index % 1_000);
    let mut rest = index / 1_000;
    while rest > 0 {
        number = format!("x{:03}/{number}", rest % 1_000);
        rest /= 1_000;
    }
    let partial = if width < 256 { format!(".p/{width}") } else { String::new() };
    format!("tile/{level}/{number}{partial}")
}

/// `MTH` over leaf hashes.
fn mth(hashes: &[Hash]) -> Hash {
    match hashes {
        [] => sha256(&[]),
        [hash] => *hash,
        _ => {
            let (left, right) = hashes.split_at(below(hashes.len() as u64) as usize);
            node(&mth(left), &mth(right))
        }
    }
}

fn node(left: &Hash, right: &Hash) -> Hash {
    sha256(&[&[1], left, right])
}

/// The largest power of two below `n`.
fn below(n: u64) -> u64 {
    let mut k = 1;
    while k * 2 < n {
        k *= 2;
    }
    k
}

fn sha256(parts: &[&[u8]]) -> Hash {
    parts.iter().fold(Sha256::new(), |hash, part| hash.chain_update(part)).finalize().into()
}
