//! One connection to the issuer that is kept open, and as much of HTTP/1.1 as one request at a time takes.

use std::io::{Error, ErrorKind, Result};
use std::time::Duration;

use serde::Deserialize;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// Twice what the issuer gives itself.
const PATIENCE: Duration = Duration::from_secs(60);

pub(in super::super) struct Line {
    stream: TcpStream,
    read: Vec<u8>,
}

/// An answer.
#[derive(Debug, PartialEq, Eq)]
pub(in super::super) struct Answer {
    pub(in super::super) status: u16,
    /// How long it asks to wait.
    pub(in super::super) retry_after: Option<Duration>,
    pub(in super::super) body: String,
}

/// What the issuer made of a batch. An answer may say more.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
pub(in super::super) struct Receipt {
    pub(in super::super) accepted: u64,
    pub(in super::super) duplicates: u64,
    pub(in super::super) conflicts: u64,
}

impl Line {
    pub(in super::super) async fn open(address: &str) -> Result<Self> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        Ok(Self { stream, read: Vec::with_capacity(4_096) })
    }

    /// Sends a request and waits for the whole answer, which has to come within [`PATIENCE`].
    pub(in super::super) async fn ask(&mut self, request: &[u8]) -> Result<Answer> {
        tokio::time::timeout(PATIENCE, self.exchange(request)).await?
    }

    async fn exchange(&mut self, request: &[u8]) -> Result<Answer> {
        self.stream.write_all(request).await?;
        self.read.clear();
        let (head, length) = loop {
            if self.stream.read_buf(&mut self.read).await? == 0 {
                return Err(ErrorKind::UnexpectedEof.into());
            }
            if let Some(end) = memchr::memmem::find(&self.read, b"\r\n\r\n") {
                break (Head::read(&self.read[..end])?, end + 4);
            }
        };
        let whole = length + head.length;
        while self.read.len() < whole {
            if self.stream.read_buf(&mut self.read).await? == 0 {
                return Err(ErrorKind::UnexpectedEof.into());
            }
        }
        if self.read.len() > whole {
            return Err(wrong("more than one answer came to one request"));
        }
        let body = String::from_utf8_lossy(&self.read[length..]).into_owned();
        Ok(Answer { status: head.status, retry_after: head.retry_after, body })
    }
}

impl Answer {
    /// What was made of the batch, for an answer of 200.
    pub(in super::super) fn receipt(&self) -> Option<Receipt> {
        (self.status == 200).then(|| serde_json::from_str(&self.body).ok()).flatten()
    }
}

struct Head {
    status: u16,
    length: usize,
    retry_after: Option<Duration>,
}

impl Head {
    fn read(head: &[u8]) -> Result<Self> {
        let head = std::str::from_utf8(head).map_err(|_| wrong("a head that is no text"))?;
        let mut lines = head.split("\r\n");
        let status = lines.next().and_then(|line| line.strip_prefix("HTTP/1.1 ")).and_then(|rest| rest.get(..3)?.parse().ok());
        let fields: Vec<(&str, &str)> = lines.filter_map(|line| line.split_once(':')).collect();
        let number = |name: &str| {
            let field = fields.iter().find(|(field, _)| field.eq_ignore_ascii_case(name));
            field.and_then(|(_, value)| value.trim().parse::<u64>().ok())
        };
        let length = number("content-length").and_then(|length| usize::try_from(length).ok());
        Ok(Self {
            status: status.ok_or_else(|| wrong("no status"))?,
            length: length.ok_or_else(|| wrong("no content-length"))?,
            retry_after: number("retry-after").map(Duration::from_secs),
        })
    }
}

fn wrong(what: &str) -> Error {
    Error::new(ErrorKind::InvalidData, what)
}

#[cfg(test)]
mod tests {
    use tokio::net::TcpListener;

    use super::*;

    /// What `ask` gives where the other side answers with these parts, one after the other, and ends.
    fn answered(parts: &'static [&'static str]) -> Result<Answer> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        runtime.block_on(async {
            let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
            let address = listener.local_addr().expect("an address").to_string();
            let server = tokio::spawn(async move {
                let (mut stream, _) = listener.accept().await.expect("a connection");
                let mut request = [0; 4];
                stream.read_exact(&mut request).await.expect("a request");
                for part in parts {
                    stream.write_all(part.as_bytes()).await.expect("written");
                    stream.flush().await.expect("written");
                    tokio::task::yield_now().await;
                }
            });
            let answer = Line::open(&address).await.expect("a line").ask(b"ask!").await;
            server.await.expect("no panic");
            answer
        })
    }

    #[test]
    fn an_answer_is_read_in_however_many_parts_it_comes() {
        let answer = answered(&["HTTP/1.1 4", "29 Too Many Requests\r\nRetry-", "After: 2\r\ncontent-length: 4\r\n\r", "\nbo", "dy"]);
        let expected = Answer { status: 429, retry_after: Some(Duration::from_secs(2)), body: "body".into() };
        assert_eq!(answer.expect("whole"), expected);
        let answer = answered(&[
            "HTTP/1.1 200 OK\r\ncontent-length: 58\r\n\r\n{\"accepted\":1,\"duplicates\":2,\"conflicts\":3,\"receipt\":\"more\"}",
        ]);
        assert!(answer.is_err(), "longer than it says");
        let answer = answered(&[
            "HTTP/1.1 200 OK\r\ncontent-length: 60\r\n\r\n{\"accepted\":1,\"duplicates\":2,\"conflicts\":3,\"receipt\":\"more\"}",
        ]);
        assert_eq!(answer.expect("whole").receipt(), Some(Receipt { accepted: 1, duplicates: 2, conflicts: 3 }));
    }

    #[test]
    fn an_answer_that_is_cut_off_is_none() {
        for parts in [&[][..], &["HTTP/1.1 200 OK\r\n"], &["HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nbod"], &["HTTP/1.1 200 OK\r\n\r\n"]]
        {
            assert!(answered(parts).is_err(), "{parts:?}");
        }
    }
}
