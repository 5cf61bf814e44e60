//! Status lists (draft-ietf-oauth-status-list-18): one or two bits for each of many credentials, at a place that nobody but its issuer and its holders can tell
//! from the others.

use miniz_oxide::deflate::{CompressionLevel, compress_to_vec_zlib};
use serde_json::{Value, json};

/// `typ` of a status list token (§5.1).
pub const TYPE: &str = "statuslist+jwt";
/// Its media type (§8.2).
pub const MEDIA_TYPE: &str = "application/statuslist+jwt";

/// What is said of a credential (§7.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Status {
    /// It is what it says.
    Valid,
    /// It is no more, for good.
    Invalid,
    /// It does not count for now.
    Suspended,
}

impl Status {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Valid, Self::Invalid, Self::Suspended];

    /// The registered value.
    pub const fn value(self) -> u8 {
        match self {
            Self::Valid => 0,
            Self::Invalid => 1,
            Self::Suspended => 2,
        }
    }

    /// The one with this value.
    pub fn of(value: i64) -> Option<Self> {
        let is = |one: &Self| i64::from(one.value()) == value;
        Self::ALL.into_iter().find(is)
    }

    /// The registered name, in small letters.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Valid => "valid",
            Self::Invalid => "invalid",
            Self::Suspended => "suspended",
        }
    }
}

/// How many bits each credential has (§4.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bits {
    /// It is valid or not.
    One,
    /// It may be suspended.
    Two,
}

impl Bits {
    /// The number.
    pub const fn count(self) -> usize {
        match self {
            Self::One => 1,
            Self::Two => 2,
        }
    }
}

/// A list: so many credentials, all valid at first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StatusList {
    bits: Bits,
    bytes: Vec<u8>,
}

impl StatusList {
    /// One of at least `size` places.
    pub fn new(bits: Bits, size: usize) -> Self {
        let bytes = vec![0; size.div_ceil(8 / bits.count())];
        Self { bits, bytes }
    }

    /// Says what becomes of the credential at a place: the first one is in the lowest bits of the first byte (§4.1). `false` where there is no such place, or too
    /// few bits to say it.
    pub fn set(&mut self, index: usize, status: Status) -> bool {
        let bits = self.bits.count();
        let each = 8 / bits;
        let mask = (1_u8 << bits) - 1;
        let Some(byte) = self.bytes.get_mut(index / each) else {
            return false;
        };
        if status.value() & !mask != 0 {
            return false;
        }
        let shift = index % each * bits;
        *byte = *byte & !(mask << shift) | status.value() << shift;
        true
    }

    /// The bytes before they are compressed.
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The member `status_list` of a token (§4.2): compressed as far as it goes, in the form of RFC 1950. `aggregation` is where all lists are named (§9).
    pub fn claim(&self, aggregation: &str) -> Value {
        let best = CompressionLevel::BestCompression as u8;
        let packed = compress_to_vec_zlib(&self.bytes, best);
        json!({
            "bits": self.bits.count(),
            "lst": jose::base64url::encode(packed),
            "aggregation_uri": aggregation,
        })
    }
}

/// What a credential says about where its status is (§6.2).
pub fn reference(uri: &str, index: i64) -> Value {
    json!({"status_list": {"idx": index, "uri": uri}})
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]
    use miniz_oxide::inflate::decompress_to_vec_zlib_with_limit;
    use proptest::prelude::*;

    use super::*;

    fn unpacked(lst: &str) -> Vec<u8> {
        let packed = jose::base64url::decode(lst).unwrap();
        decompress_to_vec_zlib_with_limit(&packed, 1 << 20).unwrap()
    }

    fn filled(bits: Bits, size: usize, values: &[(usize, u8)]) -> StatusList {
        let mut list = StatusList::new(bits, size);
        for (index, value) in values {
            assert!(list.set(*index, Status::of(i64::from(*value)).unwrap()));
        }
        list
    }

    /// §4.1: the example of sixteen credentials with one bit each.
    #[test]
    fn sixteen_credentials_are_packed_as_in_the_draft() {
        let states = [1, 0, 0, 1, 1, 1, 0, 1, 1, 1, 0, 0, 0, 1, 0, 1];
        let values: Vec<_> = states.into_iter().enumerate().collect();
        let list = filled(Bits::One, 16, &values);
        assert_eq!(list.as_bytes(), [0xb9, 0xa3]);
        assert_eq!(list.claim("u")["lst"], "eNrbuRgAAhcBXQ");
    }

    /// §4.1, §4.2: two bits; the draft's own example holds a value that is not one of ours, so it is spread over what is.
    #[test]
    fn two_bits_are_packed_as_in_the_draft() {
        // 1 2 0 3 0 1 0 1 1 2 3 3 is 0xc9 0x44 0xf9; without the threes 0x09 0x44 0x09.
        let values = [(0, 1), (1, 2), (5, 1), (7, 1), (8, 1), (9, 2)];
        let list = filled(Bits::Two, 12, &values);
        let whole = unpacked("eNo76fITAAPfAgc");
        assert_eq!(whole, [0xc9, 0x44, 0xf9]);
        assert_eq!(
            list.as_bytes(),
            [whole[0] & 0x3f, whole[1], whole[2] & 0x0f]
        );
    }

    /// Appendix C.1: 2^20 credentials with one bit each.
    #[test]
    fn a_million_credentials_are_packed_as_in_the_draft() {
        let set = [
            0, 1993, 25_460, 159_495, 495_669, 554_353, 645_645, 723_232, 854_545, 934_534,
            1_000_345,
        ];
        let values = set.map(|index| (index, 1));
        let list = filled(Bits::One, 1 << 20, &values);
        let known = concat!(
            "eNrt3AENwCAMAEGogklACtKQPg9LugC9k_ACvreiogEAAKkeCQAAAAAAAAAAAAAAAAAAAIBylgQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
            "AAAAAAAAAAAAAAAAAAXG9IAAAAAAAAAPwsJAAAAAAAAAAAAAAAvhsSAAAAAAAAAAAA7KpLAAAAAAAAAAAAAAAAAAAAAJsLCQAAAAAAAAAAADje",
            "lAAAAAAAAAAAKjDMAQAAAACAZC8L2AEb",
        );
        assert_eq!(list.as_bytes(), unpacked(known));
    }

    /// Appendix C.2: 2^20 credentials with two bits each; 3 is no value of ours (§7.1).
    #[test]
    fn a_million_credentials_of_two_bits_are_packed_as_in_the_draft() {
        let set = [
            (0, 1),
            (1993, 2),
            (25460, 1),
            (159495, 3),
            (495669, 1),
            (554353, 1),
            (645645, 2),
            (723232, 1),
            (854545, 1),
            (934534, 2),
            (1000345, 3),
        ];
        let known = concat!(
            "eNrt2zENACEQAEEuoaBABP5VIO01fCjIHTMStt9ovGVIAAAAAABAbiEBAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAEB5WwIAAAAAAA",
            "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAID0ugQAAAAA",
            "AAAAAAAAAAAAQG12SgAAAAAAAAAAAAAAAAAAAAAAAAAAAOCSIQEAAAAAAAAAAAAAAAAAAAAAAAD8ExIAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
            "AAAAAAAAAAwJEuAQAAAAAAAAAAAAAAAAAAAAAAAMB9SwIAAAAAAAAAAAAAAAAAAACoYUoAAAAAAAAAAAAAAEBqH81gAQw",
        );
        let mut known = unpacked(known);
        for (index, value) in set {
            assert_eq!(known[index / 4] >> (index % 4 * 2) & 3, value);
            if value == 3 {
                known[index / 4] &= !(3 << (index % 4 * 2));
            }
        }
        let ours: Vec<_> = set.into_iter().filter(|one| one.1 < 3).collect();
        let list = filled(Bits::Two, 1 << 20, &ours);
        assert_eq!(list.as_bytes(), known);
    }

    proptest! {
        /// Whatever is said of some, in whatever order: each place says what was said of it last, and the others that theirs is valid.
        #[test]
        fn each_place_says_what_was_said_of_it(two in any::<bool>(), said in prop::collection::vec((0..500_usize, 0..3_i64), 0..100)) {
            let bits = if two { Bits::Two } else { Bits::One };
            let mut list = StatusList::new(bits, 400);
            let mut known = vec![0_u8; 400];
            for (index, value) in said {
                let status = Status::of(value).unwrap();
                let fits = index < 400 && (two || status != Status::Suspended);
                prop_assert_eq!(list.set(index, status), fits);
                if fits {
                    known[index] = status.value();
                }
            }
            let claim = list.claim("u");
            let bytes = unpacked(claim["lst"].as_str().unwrap());
            for (index, value) in known.into_iter().enumerate() {
                // The draft in other words (§4.1): the bits are counted from the least significant one.
                let at = index * bits.count();
                let found = (0..bits.count()).map(|bit| (bytes[(at + bit) / 8] >> ((at + bit) % 8) & 1) << bit).sum::<u8>();
                prop_assert_eq!(found, value);
            }
        }
    }
}
