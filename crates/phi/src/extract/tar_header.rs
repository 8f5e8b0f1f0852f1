//! Headers of a tar archive. Facts: POSIX pax, *ustar Interchange Format* and *pax Header Block*; GNU tar's base-256 sizes and
//! long names.

/// Length of a header, and of the blocks that data is padded to.
pub(super) const BLOCK: usize = 512;

/// What a header says of its member.
pub(super) struct TarHeader {
    pub(super) name: String,
    pub(super) size: u64,
    pub(super) kind: u8,
}

/// Whether the first block is a header: its checksum holds, which old archives without the `ustar` magic have too.
pub(super) fn looks_valid(head: &[u8]) -> bool {
    head.first_chunk().is_some_and(|block| parse(block).is_some())
}

/// Reads a header; `None` where its checksum does not hold.
pub(super) fn parse(header: &[u8; BLOCK]) -> Option<TarHeader> {
    let spaced = |(at, byte): (usize, &u8)| u64::from(if (148..156).contains(&at) { b' ' } else { *byte });
    let sum: u64 = header.iter().enumerate().map(spaced).sum();
    if header[0] == 0 || octal(&header[148..156]) != Some(sum) {
        return None;
    }
    let size = if header[124] & 0x80 == 0 {
        octal(&header[124..136])?
    } else {
        header[128..136]
            .iter()
            .fold(0, |value, byte| value << 8 | u64::from(*byte))
            .min(i64::MAX.cast_unsigned() >> 1)
    };
    let name = text(&header[..100]);
    let prefix = if &header[257..262] == b"ustar" { text(&header[345..500]) } else { String::new() };
    let name = if prefix.is_empty() { name } else { format!("{prefix}/{name}") };
    Some(TarHeader { name, size, kind: header[156] })
}

fn octal(field: &[u8]) -> Option<u64> {
    let digits = std::str::from_utf8(field).ok()?.trim_matches(['\0', ' ']);
    if digits.is_empty() { Some(0) } else { u64::from_str_radix(digits, 8).ok() }
}

/// A name up to its first zero byte.
pub(super) fn text(field: &[u8]) -> String {
    let end = memchr::memchr(0, field).unwrap_or(field.len());
    String::from_utf8_lossy(&field[..end]).into_owned()
}

/// The name in a pax extended header, whose records are `length key=value\n`. Of a sparse member `path` is made up.
pub(super) fn pax_path(records: &[u8]) -> Option<String> {
    let records = String::from_utf8_lossy(records);
    ["GNU.sparse.name=", "path="].into_iter().find_map(|key| {
        let mut pairs = records.lines().filter_map(|line| line.split_once(' ').map(|(_, pair)| pair));
        pairs.find_map(|pair| pair.strip_prefix(key)).map(str::to_owned)
    })
}

/// Whether a pax extended header says that its member is stored without its holes, as GNU tar writes sparse files.
pub(super) fn pax_is_sparse(records: &[u8]) -> bool {
    memchr::memmem::find(records, b" GNU.sparse.").is_some()
}
