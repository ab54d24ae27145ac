//! Keys that seal credentials: where they come from, and which one seals.

use std::fmt;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chacha20poly1305::{KeyInit as _, XChaCha20Poly1305};
use rand::Rng as _;
use sha2::{Digest as _, Sha256};
use ticketing_core::{Error, ErrorKind, Result, Secret};
use zeroize::Zeroizing;

/// Bytes of a key.
pub(crate) const KEY_BYTES: usize = 32;
/// Bytes of a key's id, which is made from the key.
pub(crate) const KEY_ID_BYTES: usize = 8;

/// One key: 256 bits, shown nowhere. Its id is made from it and says nothing of it.
pub(crate) struct Key {
    id: [u8; KEY_ID_BYTES],
    bytes: Zeroizing<[u8; KEY_BYTES]>,
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Key").field(&self.name()).finish()
    }
}

impl Key {
    fn new(bytes: Zeroizing<[u8; KEY_BYTES]>) -> Self {
        let digest = Sha256::new().chain_update(b"ticketing key id\0").chain_update(bytes.as_slice()).finalize();
        let mut id = [0; KEY_ID_BYTES];
        id.copy_from_slice(&digest[..KEY_ID_BYTES]);
        Self { id, bytes }
    }

    /// A new key from the machine's randomness.
    pub(crate) fn random() -> Self {
        let mut bytes = Zeroizing::new([0; KEY_BYTES]);
        rand::rng().fill_bytes(bytes.as_mut_slice());
        Self::new(bytes)
    }

    /// 32 bytes in Base64 or hex.
    fn parse(text: &str, field: &str) -> Result<Self> {
        let decoded = match text.len() {
            64 => hex::decode(text).ok(),
            _ => STANDARD.decode(text).ok(),
        };
        let decoded = Zeroizing::new(decoded.unwrap_or_default());
        let bytes: [u8; KEY_BYTES] = decoded.as_slice().try_into().map_err(|_| {
            Error::config(field, "it is not a key of 32 bytes in Base64 or hex")
                .with_hint("make one with `openssl rand -base64 32`, or leave it out to have a key file made")
        })?;
        if bytes == [0; KEY_BYTES] {
            return Err(Error::config(field, "the key is all zeros").with_hint("make a random one"));
        }
        Ok(Self::new(Zeroizing::new(bytes)))
    }

    pub(crate) fn id(&self) -> [u8; KEY_ID_BYTES] {
        self.id
    }

    /// The id as rows and errors have it.
    pub(crate) fn name(&self) -> String {
        hex::encode(self.id)
    }

    pub(crate) fn cipher(&self) -> XChaCha20Poly1305 {
        XChaCha20Poly1305::new(&(*self.bytes).into())
    }

    fn to_line(&self) -> Zeroizing<String> {
        Zeroizing::new(format!("{}\n", STANDARD.encode(self.bytes.as_slice())))
    }
}

/// The keys at hand: the first one seals, all of them open.
#[derive(Debug, Clone)]
pub(crate) struct Keyring {
    keys: Vec<Arc<Key>>,
}

impl Keyring {
    /// Keys in a text: several with commas or line breaks between them; lines that begin with `#` are comments.
    fn parse(text: &str, field: &str) -> Result<Self> {
        let words = text
            .lines()
            .filter(|line| !line.trim_start().starts_with('#'))
            .flat_map(|line| line.split(','))
            .map(str::trim)
            .filter(|word| !word.is_empty());
        let keys = words.map(|word| Key::parse(word, field).map(Arc::new)).collect::<Result<Vec<_>>>()?;
        if keys.is_empty() {
            return Err(Error::config(field, "it holds no key").with_hint("give 32 random bytes in Base64"));
        }
        Ok(Self { keys })
    }

    /// The key that seals.
    pub(crate) fn primary(&self) -> Result<&Arc<Key>> {
        self.keys.first().ok_or_else(|| Error::config("key", "there is none"))
    }

    pub(crate) fn find(&self, id: &[u8]) -> Option<&Arc<Key>> {
        self.keys.iter().find(|key| key.id == id)
    }

    /// The ids, for errors.
    pub(crate) fn names(&self) -> String {
        self.keys.iter().map(|key| key.name()).collect::<Vec<_>>().join(", ")
    }
}

/// Where keys come from. The first key seals, the others open what they sealed before.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum KeySource {
    /// Keys as a text: 32 bytes in Base64 or hex, several with commas between them. From an environment variable or a vault.
    Text {
        /// Where they come from, for errors: `TICKETING_KEY`.
        name: String,
        /// The keys.
        keys: Secret,
    },
    /// A file of keys, one a line; only its owner may read it. It must be there.
    File(PathBuf),
    /// The same, made with a random key where it is missing and the store holds nothing yet.
    Generated(PathBuf),
}

/// The keys of a store, read again where a row names one that is not known yet.
#[derive(Debug)]
pub(crate) struct Keys {
    source: KeySource,
    loaded: RwLock<Arc<Keyring>>,
}

impl Keys {
    /// Reads the keys. A key file is made only where `nothing_sealed`: a new key would open none of what is there.
    pub(crate) fn load(source: KeySource, nothing_sealed: bool) -> Result<Self> {
        if let KeySource::Generated(path) = &source {
            match path.try_exists() {
                Ok(true) => {}
                Ok(false) if nothing_sealed => create(path, &Key::random())?,
                Ok(false) => return Err(missing(path)),
                Err(error) => return Err(unreadable(path, error)),
            }
        }
        let loaded = RwLock::new(Arc::new(read(&source)?));
        Ok(Self { source, loaded })
    }

    pub(crate) fn ring(&self) -> Arc<Keyring> {
        Arc::clone(&self.loaded.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Reads the keys again: another process may have added one.
    pub(crate) fn reload(&self) -> Result<Arc<Keyring>> {
        let ring = Arc::new(read(&self.source)?);
        *self.loaded.write().unwrap_or_else(PoisonError::into_inner) = Arc::clone(&ring);
        Ok(ring)
    }

    /// The keys as they are now: those of a file are read again.
    pub(crate) fn current(&self) -> Result<Arc<Keyring>> {
        if self.path().is_some() { self.reload() } else { Ok(self.ring()) }
    }

    /// Puts a new key before the others, where the keys are in a file; those in a text are their owner's to change.
    pub(crate) fn add(&self) -> Result<()> {
        let Some(path) = self.path() else { return Ok(()) };
        let _turn = turn(path)?;
        let old = Zeroizing::new(std::fs::read_to_string(path).map_err(|error| unreadable(path, error))?);
        let text = Zeroizing::new(format!("{}{}", *Key::random().to_line(), *old));
        replace(path, &text)?;
        self.reload().map(|_| ())
    }

    /// Leaves only this key, where the keys are in a file and it is still the one that seals.
    pub(crate) fn forget_all_but(&self, key: &Key) -> Result<()> {
        let Some(path) = self.path() else { return Ok(()) };
        let _turn = turn(path)?;
        self.still_seals(key)?;
        replace(path, &key.to_line())?;
        self.reload().map(|_| ())
    }

    /// Refuses to go on under a key that does not seal any more.
    pub(crate) fn still_seals(&self, key: &Key) -> Result<()> {
        if self.current()?.primary()?.id() == key.id() {
            return Ok(());
        }
        Err(Error::new(ErrorKind::Conflict, "another change of the key began meanwhile")
            .with_field("key")
            .with_hint("nothing was lost; where the other one was stopped, run it again"))
    }

    fn path(&self) -> Option<&Path> {
        match &self.source {
            KeySource::Text { .. } => None,
            KeySource::File(path) | KeySource::Generated(path) => Some(path),
        }
    }

    /// True where a new key can be made here.
    pub(crate) fn can_add(&self) -> bool {
        self.path().is_some()
    }
}

fn read(source: &KeySource) -> Result<Keyring> {
    match source {
        KeySource::Text { name, keys } => Keyring::parse(keys.expose(), name),
        KeySource::File(path) | KeySource::Generated(path) => {
            only_its_owners(path)?;
            let text = Zeroizing::new(std::fs::read_to_string(path).map_err(|error| unreadable(path, error))?);
            Keyring::parse(&text, &format!("key file {}", path.display()))
        }
    }
}

#[cfg(unix)]
fn only_its_owners(path: &Path) -> Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    let mode = std::fs::metadata(path).map_err(|error| unreadable(path, error))?.permissions().mode() & 0o777;
    if mode & 0o077 == 0 {
        return Ok(());
    }
    Err(Error::config("key file", format!("{} can be read by others (mode {mode:o})", path.display()))
        .with_hint(format!("chmod 600 {}", path.display())))
}

#[cfg(not(unix))]
fn only_its_owners(_: &Path) -> Result<()> {
    Ok(())
}

fn missing(path: &Path) -> Error {
    Error::config("key file", format!("{} is missing, and the store holds sealed credentials", path.display()))
        .with_hint("put the file back from its backup, or give the keys in TICKETING_KEY; a new key opens none of them")
}

fn unreadable(path: &Path, error: io::Error) -> Error {
    Error::config("key file", format!("cannot read {}", path.display()))
        .with_hint("give the path of a file of keys, one a line, that this user may read")
        .with_source(error)
}

fn unwritable(path: &Path, error: io::Error) -> Error {
    Error::config("key file", format!("cannot write {}", path.display()))
        .with_hint("give a path in a folder that this user may write")
        .with_source(error)
}

/// Some file systems of networks neither lock nor sync a folder.
fn where_supported(done: io::Result<()>) -> io::Result<()> {
    match done {
        Err(error) if matches!(error.kind(), io::ErrorKind::Unsupported | io::ErrorKind::InvalidInput) => Ok(()),
        done => done,
    }
}

fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// The turn to change a key file, as long as it is held: its folder is locked, since the file itself is replaced.
fn turn(path: &Path) -> Result<Option<std::fs::File>> {
    if !cfg!(unix) {
        return Ok(None);
    }
    let folder = std::fs::File::open(folder_of(path)).map_err(|error| unwritable(path, error))?;
    where_supported(folder.lock()).map_err(|error| unwritable(path, error))?;
    Ok(Some(folder))
}

/// A new file for its owner alone, whole on the disk before it has its name. Whoever has the turn writes it, so that what a
/// process left that was killed is written over: it holds keys.
fn write_beside(path: &Path, text: &str) -> io::Result<PathBuf> {
    let mut name = std::ffi::OsString::from(".");
    name.push(path.file_name().unwrap_or_default());
    name.push(".ticketing-new");
    // Where no folder can be locked, two processes may write at once.
    if !cfg!(unix) {
        name.push(format!(".{}.{:08x}", std::process::id(), rand::rng().next_u32()));
    }
    let beside = path.with_file_name(name);
    match std::fs::remove_file(&beside) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(&beside)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    Ok(beside)
}

/// The name that a file was given, on the disk: rows are sealed under what is in it from now on.
fn sync_folder(path: &Path) -> io::Result<()> {
    if cfg!(unix) { where_supported(std::fs::File::open(folder_of(path))?.sync_all()) } else { Ok(()) }
}

/// Makes the key file, and leaves one alone that another process made first.
fn create(path: &Path, key: &Key) -> Result<()> {
    std::fs::create_dir_all(folder_of(path)).map_err(|error| unwritable(path, error))?;
    let _turn = turn(path)?;
    let make = || -> io::Result<()> {
        let beside = write_beside(path, &key.to_line())?;
        let linked = std::fs::hard_link(&beside, path);
        std::fs::remove_file(&beside)?;
        match linked {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(error),
            _ => sync_folder(path),
        }
    };
    make().map_err(|error| unwritable(path, error))
}

/// Puts new content in the key file's place, all at once.
fn replace(path: &Path, text: &str) -> Result<()> {
    let put = || {
        std::fs::rename(write_beside(path, text)?, path)?;
        sync_folder(path)
    };
    put().map_err(|error| unwritable(path, error))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(keys: &str) -> Result<Keys> {
        Keys::load(KeySource::Text { name: "TICKETING_KEY".to_owned(), keys: Secret::new(keys) }, true)
    }

    #[test]
    fn keys_are_read_in_base64_and_hex_and_shown_nowhere() {
        let one = STANDARD.encode([7; 32]);
        let two = hex::encode([9; 32]);
        let keys = text(&format!("{one},{two}")).unwrap();
        let ring = keys.ring();
        assert_eq!(ring.primary().unwrap().bytes.as_slice(), [7; 32]);
        assert_eq!(ring.keys.len(), 2);
        let shown = format!("{keys:?}");
        assert!(!shown.contains(&one) && !shown.contains(&two) && shown.contains(&ring.names()[..16]), "{shown}");
        for wrong in ["", "hunter2", &STANDARD.encode([7; 31]), &STANDARD.encode([0; 32])] {
            let error = text(wrong).unwrap_err();
            assert_eq!(error.field(), Some("TICKETING_KEY"), "{wrong}");
            assert!(error.hint().is_some() && !format!("{error:?}").contains("hunter2"));
        }
    }

    #[test]
    #[cfg(unix)]
    fn a_key_file_is_made_once_for_its_owner_alone() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("new/key");
        let load = |nothing_sealed| Keys::load(KeySource::Generated(path.clone()), nothing_sealed);
        let refused = load(false).unwrap_err();
        assert!(refused.message().contains("is missing") && refused.hint().is_some(), "{refused}");
        assert!(!path.exists());
        let first = load(true).unwrap().ring().names();
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(load(false).unwrap().ring().names(), first);
        let keys = load(false).unwrap();
        keys.add().unwrap();
        assert!(keys.ring().names().ends_with(&format!(", {first}")));
        // Somebody else put a newer one before it: nothing is taken out.
        let second = Arc::clone(keys.ring().primary().unwrap());
        load(false).unwrap().add().unwrap();
        let error = keys.forget_all_but(&second).unwrap_err();
        assert_eq!((error.kind(), error.field()), (ErrorKind::Conflict, Some("key")), "{error}");
        assert_eq!(std::fs::read_to_string(&path).unwrap().lines().count(), 3);
        // What a process left that was killed in the middle.
        std::fs::write(path.with_file_name(".key.ticketing-new"), "keys").unwrap();
        let third = Arc::clone(keys.ring().primary().unwrap());
        keys.forget_all_but(&third).unwrap();
        assert!(!keys.ring().names().contains(&first));
        assert_eq!(std::fs::read_dir(path.parent().unwrap()).unwrap().count(), 1, "nothing is left beside it");
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o640)).unwrap();
        let error = load(false).unwrap_err();
        assert!(error.message().contains("read by others") && error.hint().unwrap().contains("chmod 600"), "{error}");
    }
}
