//! When a certificate begins and ends: the two dates, and nothing else of it.
//!
//! The libraries in the tree that read certificates check them for a TLS server's purpose, and name
//! no dates.

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

/// The tags of DER (X.690) on the way to the dates.
const INTEGER: u8 = 0x02;
const UTC_TIME: u8 = 0x17;
const GENERALIZED_TIME: u8 = 0x18;
const SEQUENCE: u8 = 0x30;
const VERSION: u8 = 0xa0;

/// Since when and until when a certificate in DER is valid; none where that cannot be read.
pub(super) fn of(certificate: &[u8]) -> Option<(Timestamp, Timestamp)> {
    let mut body = Der(Der(certificate).expect(SEQUENCE)?);
    let mut fields = Der(body.expect(SEQUENCE)?);
    if fields.0.first() == Some(&VERSION) {
        fields.expect(VERSION)?;
    }
    fields.expect(INTEGER)?;
    // The algorithm of the signature, and the issuer.
    fields.expect(SEQUENCE)?;
    fields.expect(SEQUENCE)?;
    let mut dates = Der(fields.expect(SEQUENCE)?);
    let (begin, end) = (dates.next()?, dates.next()?);
    Some((time(begin)?, time(end)?))
}

/// What is left of a piece of DER.
struct Der<'a>(&'a [u8]);

impl<'a> Der<'a> {
    /// The tag and content of the next element.
    fn next(&mut self) -> Option<(u8, &'a [u8])> {
        let (&tag, rest) = self.0.split_first()?;
        let (&first, mut rest) = rest.split_first()?;
        let mut length = usize::from(first);
        if first & 0x80 != 0 {
            let (digits, after) = rest.split_at_checked(usize::from(first & 0x7f))?;
            // A certificate is a few kilobytes.
            if !(1..=4).contains(&digits.len()) {
                return None;
            }
            length = digits.iter().fold(0, |length, digit| (length << 8) | usize::from(*digit));
            rest = after;
        }
        let (content, rest) = rest.split_at_checked(length)?;
        self.0 = rest;
        Some((tag, content))
    }

    /// The content of the next element, when it is of a kind.
    fn expect(&mut self, tag: u8) -> Option<&'a [u8]> {
        self.next().filter(|(own, _)| *own == tag).map(|(_, content)| content)
    }
}

/// `YYMMDDHHMMSSZ`, or with four digits of the year (RFC 5280, 4.1.2.5).
fn time((tag, text): (u8, &[u8])) -> Option<Timestamp> {
    let text = std::str::from_utf8(text).ok()?;
    let (year, rest) = match tag {
        UTC_TIME => {
            let (year, rest) = text.split_at_checked(2)?;
            let year: i16 = year.parse().ok()?;
            (if year < 50 { 2000 + year } else { 1900 + year }, rest)
        }
        GENERALIZED_TIME => {
            let (year, rest) = text.split_at_checked(4)?;
            (year.parse().ok()?, rest)
        }
        _ => return None,
    };
    let digits = rest.strip_suffix('Z').filter(|digits| digits.len() == 10 && digits.is_ascii())?;
    let number = |at: usize| digits[at..at + 2].parse::<i8>().ok();
    let (month, day) = (number(0)?, number(2)?);
    let at = DateTime::new(year, month, day, number(4)?, number(6)?, number(8)?, 0).ok()?;
    // The last day of the year 9999, which stands for no end, is beyond what a timestamp can hold.
    Some(at.to_zoned(TimeZone::UTC).map_or(Timestamp::MAX, |at| at.timestamp()))
}

#[cfg(test)]
mod tests {
    use super::super::certificate::tests::der;
    use super::*;

    #[test]
    fn both_ways_to_write_a_date_are_read() {
        let (begin, end) = of(&der("certificate-expired.pem")).unwrap();
        assert_eq!(begin.to_string(), "2020-01-01T00:00:00Z");
        assert_eq!(end.to_string(), "2021-01-01T00:00:00Z");
        let (begin, end) = of(&der("certificate-early.pem")).unwrap();
        assert_eq!(begin.to_string(), "2090-01-01T00:00:00Z");
        assert_eq!(end, Timestamp::MAX);
        assert!(of(&der("certificate.pem")).is_some());
    }

    #[test]
    fn what_is_no_certificate_has_no_dates() {
        let whole = der("certificate.pem");
        for length in 0..120 {
            assert_eq!(of(&whole[..length]), None, "{length}");
        }
        for broken in [&b"0\x84\xff\xff\xff\xff"[..], b"0\x89111111111", b"0\x80", b"\x02\x01\x01"]
        {
            assert_eq!(of(broken), None, "{broken:?}");
        }
        for text in ["20200230000000Z", "2020010100000Z", "20200101000000", "2020010100000+1Z"] {
            assert_eq!(time((GENERALIZED_TIME, text.as_bytes())), None, "{text}");
        }
        assert_eq!(time((INTEGER, b"200101000000Z")), None);
        let old = time((UTC_TIME, b"991231235959Z")).unwrap();
        assert_eq!(old.to_string(), "1999-12-31T23:59:59Z");
    }
}
