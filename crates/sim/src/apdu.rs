//! A command as the card receives it (ISO/IEC 7816-4 §5.1).

use hinamori_card::StatusWord;

/// A parsed command APDU; the data stays borrowed from the frame.
#[derive(Clone, Copy)]
pub(crate) struct ReceivedCommand<'a> {
    pub(crate) class: u8,
    pub(crate) instruction: u8,
    pub(crate) p1: u8,
    pub(crate) p2: u8,
    pub(crate) data: &'a [u8],
    /// Ne: how many bytes may come back; none when the command carries no Le field.
    pub(crate) expected: Option<usize>,
    /// Lc and Le were given in the extended form.
    pub(crate) length_form: LengthForm,
}

/// Which of the two length codings a command used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum LengthForm {
    Short,
    Extended,
}

impl<'a> ReceivedCommand<'a> {
    /// Splits `frame` into header, data and expected length.
    ///
    /// # Errors
    /// [`StatusWord::WrongLength`] when Lc and Le do not fit the frame.
    pub(crate) fn parse(frame: &'a [u8]) -> Result<Self, StatusWord> {
        let &[class, instruction, p1, p2, ref body @ ..] = frame else {
            return Err(StatusWord::WrongLength);
        };
        let (data, expected, length_form) = split_body(body).ok_or(StatusWord::WrongLength)?;
        Ok(Self { class, instruction, p1, p2, data, expected, length_form })
    }
}

fn split_body(body: &[u8]) -> Option<(&[u8], Option<usize>, LengthForm)> {
    let no_data: &[u8] = &[];
    match *body {
        [] => Some((no_data, None, LengthForm::Short)),
        [le] => Some((no_data, Some(short_le(le)), LengthForm::Short)),
        [0, high, low] => {
            Some((no_data, Some(extended_le(u16::from_be_bytes([high, low]))), LengthForm::Extended))
        }
        [0, high, low, ref rest @ ..] => {
            let (data, le) = rest.split_at_checked(usize::from(u16::from_be_bytes([high, low])))?;
            let expected = match *le {
                [] => None,
                [high, low] => Some(extended_le(u16::from_be_bytes([high, low]))),
                _ => return None,
            };
            (!data.is_empty()).then_some((data, expected, LengthForm::Extended))
        }
        [lc, ref rest @ ..] => {
            let (data, le) = rest.split_at_checked(usize::from(lc))?;
            let expected = match *le {
                [] => None,
                [le] => Some(short_le(le)),
                _ => return None,
            };
            (!data.is_empty()).then_some((data, expected, LengthForm::Short))
        }
    }
}

fn short_le(le: u8) -> usize {
    if le == 0 { 256 } else { usize::from(le) }
}

fn extended_le(le: u16) -> usize {
    if le == 0 { 65_536 } else { usize::from(le) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(frame: &[u8], data: &[u8], expected: Option<usize>, form: LengthForm) {
        let command = ReceivedCommand::parse(frame).unwrap();
        assert_eq!(
            (command.data, command.expected, command.length_form),
            (data, expected, form),
            "{frame:02x?}"
        );
    }

    #[test]
    fn the_four_cases_in_both_length_forms() {
        check(&[0, 0x20, 0, 0x80], &[], None, LengthForm::Short);
        check(&[0, 0xB0, 0, 0, 0], &[], Some(256), LengthForm::Short);
        check(&[0, 0xA4, 2, 0x0C, 2, 0, 6], &[0, 6], None, LengthForm::Short);
        check(&[0, 0xA4, 4, 0, 1, 9, 0], &[9], Some(256), LengthForm::Short);
        check(&[0, 0xB0, 0, 0, 0, 1, 0], &[], Some(256), LengthForm::Extended);
        check(&[0, 0x2A, 0, 0, 0, 0, 1, 7], &[7], None, LengthForm::Extended);
        check(&[0, 0x2A, 0, 0, 0, 0, 1, 7, 0, 0], &[7], Some(65_536), LengthForm::Extended);
    }

    #[test]
    fn lengths_that_do_not_fit_are_refused() {
        let refused: [&[u8]; 6] = [
            &[],
            &[0, 0xA4, 4],
            &[0, 0xA4, 4, 0, 3, 1, 2],
            &[0, 0xA4, 4, 0, 1, 1, 2, 3],
            &[0, 0, 0, 0, 0, 1],
            &[0, 0, 0, 0, 0, 0, 2, 1],
        ];
        for frame in refused {
            assert_eq!(
                ReceivedCommand::parse(frame).map(|_| ()),
                Err(StatusWord::WrongLength),
                "{frame:02x?}"
            );
        }
    }
}
