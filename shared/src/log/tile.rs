//! The log as static files: C2SP tlog-tiles. A tile is 256 hashes of one level, or as many as there are, and every eighth
//! level has tiles; the entries stand in bundles of 256 beside them.

mod bundle;

pub use bundle::{BundleError, ENTRY_BYTES, EntryTooLong, read_bundle, write_entry};

use std::fmt;

use super::decimal;
use super::merkle::{Hash, Node, node_hash};

/// Levels of the tree from one level of tiles to the next.
pub const HEIGHT: u8 = 8;
/// Hashes of a full tile, and entries of a full bundle.
pub const WIDTH: u64 = 1 << HEIGHT;
/// Bytes of a full tile of hashes, 32 for each.
pub const BYTES: usize = 32 << HEIGHT;
/// Levels of tiles that a tree of up to 2^64 - 1 entries has.
const LEVELS: u8 = 8;

/// What is in a tile.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Content {
    /// The entries themselves.
    Entries,
    /// The hashes of the tree at eight times this level: 0 are the leaves. At most 7.
    Hashes(u8),
}

impl Content {
    /// The level of tiles, as which entries count as the lowest.
    fn level(self) -> u8 {
        match self {
            Self::Entries => 0,
            Self::Hashes(level) => level,
        }
    }

    /// Hashes, or entries, that a tree of `size` entries has of it.
    fn count(self, size: u64) -> u64 {
        size.checked_shr(u32::from(HEIGHT) * u32::from(self.level())).unwrap_or(0)
    }
}

/// One file of the log. As text it is its path, such as `tile/0/x001/234.p/5`.
///
/// ```
/// use passport_shared::log::tile::Tile;
///
/// let tile = Tile::parse("tile/1/x001/234/067.p/17");
/// assert_eq!(tile, None, "all but the last element of a number begin with x");
/// let tile = Tile::parse("tile/1/x001/x234/067.p/17").expect("a path");
/// assert_eq!((tile.index(), tile.width()), (1_234_067, 17));
/// assert_eq!(tile.to_string(), "tile/1/x001/x234/067.p/17");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Tile {
    content: Content,
    index: u64,
    width: u64,
}

impl Tile {
    /// What is in it.
    #[must_use]
    pub fn content(self) -> Content {
        self.content
    }

    /// How many tiles of its level stand before it.
    #[must_use]
    pub fn index(self) -> u64 {
        self.index
    }

    /// Hashes or entries in it: 256, or fewer at the right edge of the tree.
    #[must_use]
    pub fn width(self) -> u64 {
        self.width
    }

    /// Whether it is full, and so never changes.
    #[must_use]
    pub fn is_full(self) -> bool {
        self.width == WIDTH
    }

    /// The places of its hashes in the tree, from left to right; of a bundle, those of its entries' leaves.
    pub fn nodes(self) -> impl Iterator<Item = Node> {
        let (level, first) = (HEIGHT * self.content.level(), self.first());
        (first..first.saturating_add(self.width)).map(move |index| Node { level, index })
    }

    /// The index of its first hash or entry within its level.
    #[must_use]
    pub fn first(self) -> u64 {
        self.index.saturating_mul(WIDTH)
    }

    /// Whether a tree of `size` entries has it: full, or as its last one with exactly this width.
    #[must_use]
    pub fn is_in(self, size: u64) -> bool {
        Self::at(self.content, self.index, size).is_some_and(|tile| tile.is_full() || tile.width == self.width)
    }

    /// The tile number `index` of this content in a tree of `size` entries; `None` if it has none.
    #[must_use]
    pub fn at(content: Content, index: u64, size: u64) -> Option<Self> {
        let rest = content.count(size).checked_sub(index.checked_mul(WIDTH)?)?;
        let width = rest.min(WIDTH);
        (width > 0).then_some(Self { content, index, width })
    }

    /// All tiles and bundles of a tree with `size` entries.
    pub fn all(size: u64) -> impl Iterator<Item = Self> {
        Self::grown(0, size)
    }

    /// The tiles and bundles that a tree of `to` entries has and one of `from` entries had not: those that became full, and
    /// the new ones at the right edge. Level by level from the entries up, each from left to right.
    pub fn grown(from: u64, to: u64) -> impl Iterator<Item = Self> {
        let contents = std::iter::once(Content::Entries).chain((0..LEVELS).map(Content::Hashes));
        contents.flat_map(move |content| {
            let (before, now) = (content.count(from), content.count(to));
            // Where nothing was added, there is no new tile.
            let tiles = if now > before { before / WIDTH..now.div_ceil(WIDTH) } else { 0..0 };
            tiles.filter_map(move |index| Self::at(content, index, to))
        })
    }

    /// The tile to look in for a node of a tree of `size` entries; `None` if the tree does not have that node.
    #[must_use]
    pub fn holding(node: Node, size: u64) -> Option<Self> {
        let (first, count) = within(node)?;
        let tile = Self::at(Content::Hashes(node.level / HEIGHT), first / WIDTH, size)?;
        (first.checked_add(count)? <= tile.first().checked_add(tile.width)?).then_some(tile)
    }

    /// The hash of `node`, from the bytes of this tile; `None` if it is not in it, or if they are not as many as they should be.
    #[must_use]
    pub fn node(self, bytes: &[u8], node: Node) -> Option<Hash> {
        let (first, count) = within(node)?;
        let (hashes, rest) = bytes.as_chunks::<32>();
        let is_whole = rest.is_empty() && u64::try_from(hashes.len()) == Ok(self.width);
        if !is_whole || self.content != Content::Hashes(node.level / HEIGHT) {
            return None;
        }
        let from = usize::try_from(first.checked_sub(self.first())?).ok()?;
        let to = from.checked_add(usize::try_from(count).ok()?)?;
        let mut hashes = hashes.get(from..to)?.to_vec();
        while hashes.len() > 1 {
            hashes = hashes.as_chunks().0.iter().map(|[left, right]| node_hash(left, right)).collect();
        }
        hashes.first().copied()
    }

    /// Reads a path, without a slash before it. Only what `Display` writes is one.
    #[must_use]
    pub fn parse(path: &str) -> Option<Self> {
        let (content, rest) = path.strip_prefix("tile/")?.split_once('/')?;
        let content = match content {
            "entries" => Content::Entries,
            level => Content::Hashes(u8::try_from(decimal(level)?).ok().filter(|level| *level < LEVELS)?),
        };
        let (number, width) = match rest.split_once(".p/") {
            Some((number, width)) => (number, decimal(width).filter(|width| (1..WIDTH).contains(width))?),
            None => (rest, WIDTH),
        };
        let index = parse_number(number)?;
        // A tile that no tree can have would have to be guarded against wherever it is counted with.
        let end = index.checked_mul(WIDTH)?.checked_add(width)?;
        (end <= content.count(u64::MAX)).then_some(Self { content, index, width })
    }
}

/// The first hash of its level of tiles that a node covers, and how many.
fn within(node: Node) -> Option<(u64, u64)> {
    let count = 1 << (node.level % HEIGHT);
    Some((node.index.checked_mul(count)?, count))
}

/// `1234067` for `x001/x234/067`.
fn parse_number(text: &str) -> Option<u64> {
    let (before, last) = match text.rsplit_once('/') {
        Some((before, last)) => (Some(before), last),
        None => (None, text),
    };
    let mut number = 0_u64;
    let high = before.into_iter().flat_map(|before| before.split('/')).map(|element| element.strip_prefix('x'));
    for (place, element) in high.chain([Some(last)]).enumerate() {
        let element = element.filter(|digits| digits.len() == 3 && digits.bytes().all(|byte| byte.is_ascii_digit()))?;
        if place == 0 && before.is_some() && element == "000" {
            return None;
        }
        number = number.checked_mul(1_000)?.checked_add(element.parse().ok()?)?;
    }
    Some(number)
}

impl fmt::Display for Tile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.content {
            Content::Entries => f.write_str("tile/entries")?,
            Content::Hashes(level) => write!(f, "tile/{level}")?,
        }
        let groups = self.index.checked_ilog(1_000).unwrap_or(0);
        for group in (0..=groups).rev() {
            let x = if group == 0 { "" } else { "x" };
            write!(f, "/{x}{:03}", self.index / 1_000_u64.pow(group) % 1_000)?;
        }
        if self.is_full() { Ok(()) } else { write!(f, ".p/{}", self.width) }
    }
}

#[cfg(test)]
mod tests;
