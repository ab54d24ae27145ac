//! The bytes of attachments: in memory when small, in a temporary file when large, or made up.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use axum::body::{Body, Bytes};
use futures::stream;
use sha2::{Digest, Sha256};
use tokio::fs::File;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::random::SplitMix;

/// Attachments from this size on are spooled to a file.
const SPOOL_FROM: u64 = 4 * 1024 * 1024;

/// Bytes per piece of a streamed body.
const PIECE: usize = 64 * 1024;

/// Where an attachment's bytes are.
#[derive(Debug, Clone)]
pub(crate) enum Content {
    Memory(Bytes),
    Spooled(Arc<Spool>),
    /// Bytes computed from a seed, for tests of very large files.
    Made {
        size: u64,
        seed: u64,
    },
}

/// A temporary file that goes away with its last user.
#[derive(Debug)]
pub(crate) struct Spool {
    path: PathBuf,
    size: u64,
}

impl Drop for Spool {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.path);
    }
}

/// Why an upload was not stored.
#[derive(Debug)]
pub(crate) enum UploadError {
    TooLarge,
    Io(io::Error),
}

/// Bytes on their way into an attachment.
#[derive(Debug)]
pub(crate) struct Upload {
    digest: Sha256,
    size: u64,
    limit: u64,
    memory: Vec<u8>,
    file: Option<(File, PathBuf)>,
    name: String,
}

impl Upload {
    /// `name` must be unique in the process.
    pub(crate) fn new(name: &str, limit: u64) -> Self {
        Self { digest: Sha256::new(), size: 0, limit, memory: Vec::new(), file: None, name: name.to_owned() }
    }

    pub(crate) async fn write(&mut self, piece: &[u8]) -> Result<(), UploadError> {
        self.size += piece.len() as u64;
        if self.size > self.limit {
            return Err(UploadError::TooLarge);
        }
        self.digest.update(piece);
        if self.file.is_none() && self.size > SPOOL_FROM {
            let name = format!("vendor-sandbox-{}-{}", std::process::id(), self.name);
            let path = std::env::temp_dir().join(name);
            let mut file = File::create(&path).await.map_err(UploadError::Io)?;
            let head = std::mem::take(&mut self.memory);
            file.write_all(&head).await.map_err(UploadError::Io)?;
            self.file = Some((file, path));
        }
        match &mut self.file {
            Some((file, _)) => file.write_all(piece).await.map_err(UploadError::Io),
            None => {
                self.memory.extend_from_slice(piece);
                Ok(())
            }
        }
    }

    /// The content, its size and its SHA-256.
    pub(crate) async fn finish(mut self) -> Result<(Content, u64, String), UploadError> {
        let hash = hex::encode(std::mem::take(&mut self.digest).finalize());
        let size = self.size;
        let content = match self.file.take() {
            Some((mut file, path)) => {
                file.flush().await.map_err(UploadError::Io)?;
                Content::Spooled(Arc::new(Spool { path, size }))
            }
            None => Content::Memory(Bytes::from(std::mem::take(&mut self.memory))),
        };
        Ok((content, size, hash))
    }
}

impl Drop for Upload {
    fn drop(&mut self) {
        // Only an upload that broke off still has its file.
        if let Some((_, path)) = &self.file {
            let _ = std::fs::remove_file(path);
        }
    }
}

impl Content {
    /// Size in bytes.
    pub(crate) fn size(&self) -> u64 {
        match self {
            Self::Memory(bytes) => bytes.len() as u64,
            Self::Spooled(spool) => spool.size,
            Self::Made { size, .. } => *size,
        }
    }

    /// The bytes as a stream that holds one piece at a time.
    pub(crate) fn body(&self) -> Body {
        match self {
            Self::Memory(bytes) => Body::from(bytes.clone()),
            Self::Made { size, seed } => {
                let start = (*size, SplitMix::new(*seed));
                Body::from_stream(stream::unfold(start, |(left, mut random)| async move {
                    if left == 0 {
                        return None;
                    }
                    let length = usize::try_from(left).unwrap_or(PIECE).min(PIECE);
                    let mut piece = Vec::with_capacity(length + 8);
                    while piece.len() < length {
                        piece.extend_from_slice(&random.next().to_le_bytes());
                    }
                    piece.truncate(length);
                    Some((Ok::<_, io::Error>(Bytes::from(piece)), (left - length as u64, random)))
                }))
            }
            Self::Spooled(spool) => {
                let start = (Arc::clone(spool), None::<File>);
                Body::from_stream(stream::try_unfold(start, |(spool, file)| async move {
                    let mut file = match file {
                        Some(file) => file,
                        None => File::open(&spool.path).await?,
                    };
                    let mut piece = vec![0; PIECE];
                    let read = file.read(&mut piece).await?;
                    piece.truncate(read);
                    let next = (spool, Some(file));
                    Ok::<_, io::Error>((read > 0).then(|| (Bytes::from(piece), next)))
                }))
            }
        }
    }
}
