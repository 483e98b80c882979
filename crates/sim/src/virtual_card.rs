//! A card as an answering machine: bytes in, bytes out, nothing else.

use std::collections::{BTreeMap, BTreeSet};

use crate::apdu::{LengthForm, ReceivedCommand};
use crate::file_system::{Access, Applet, ElementaryFile, FileId, KeyCommand, KeyFile, PinLife};
use crate::log::{CommandLog, LoggedCommand};
use hinamori_card::StatusWord;

/// The GlobalPlatform issuer security domain: selecting it leaves every application.
const ISSUER_SECURITY_DOMAIN: [u8; 7] = [0xA0, 0x00, 0x00, 0x01, 0x51, 0x00, 0x00];
/// The shortest part of an application identifier that selects it: the registered provider (ISO/IEC 7816-5).
const SHORTEST_AID: usize = 5;

/// What the reader learns from anti-collision, and answers to `FF CA 00 00 00` itself. Virtual readers do
/// not, so that the card does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ContactlessId {
    /// A contact card.
    None,
    /// The same at every presentation: a UID or a FeliCa IDm.
    Fixed(Vec<u8>),
    /// Another one at every power-up: this many bytes, the first given (08 on phones).
    Random {
        /// First byte.
        first: u8,
        /// Bytes in all.
        length: u8,
    },
}

/// The data field of a chained command so far (ISO/IEC 7816-4 §5.3.3).
#[derive(Debug, Default)]
struct Chain(Vec<u8>);

/// A virtual card with its volatile state. PIN counters live as long as the value.
#[derive(Debug)]
pub struct VirtualCard {
    atr: Vec<u8>,
    contactless_id: ContactlessId,
    applets: Vec<Applet>,
    extended_length: LengthForm,
    current: Option<usize>,
    current_file: Option<FileId>,
    chosen_key: Option<FileId>,
    verified: BTreeSet<FileId>,
    chain: Chain,
    power_ups: u8,
    signatures: u32,
    log: CommandLog,
}

/// What a command came to: data and a status word.
type Outcome = Result<Vec<u8>, StatusWord>;

impl VirtualCard {
    /// A card of these applications, without power.
    pub fn new(atr: &[u8], contactless_id: ContactlessId, applets: Vec<Applet>) -> Self {
        Self {
            atr: atr.to_vec(),
            contactless_id,
            applets,
            extended_length: LengthForm::Short,
            current: None,
            current_file: None,
            chosen_key: None,
            verified: BTreeSet::new(),
            chain: Chain::default(),
            power_ups: 0,
            signatures: 0,
            log: CommandLog::default(),
        }
    }

    /// Lets the card understand extended lengths and command chaining.
    #[must_use]
    pub fn with_extended_length(mut self) -> Self {
        self.extended_length = LengthForm::Extended;
        self
    }

    /// The answer to reset.
    pub fn atr(&self) -> &[u8] {
        &self.atr
    }

    /// A handle to the log of commands and status words.
    pub fn log(&self) -> CommandLog {
        self.log.clone()
    }

    /// Signatures made since the value exists; the holder of the card can charge time for them.
    pub(crate) fn signatures(&self) -> u32 {
        self.signatures
    }

    /// Power off: every security status is gone.
    pub fn unpower(&mut self) {
        self.leave_application();
        self.power_ups = self.power_ups.wrapping_add(1);
    }

    /// Reset: the selection is gone; a successful VERIFY is not.
    pub fn reset(&mut self) {
        self.current_file = None;
        self.chosen_key = None;
        self.chain = Chain::default();
    }

    /// Answers one command: data, then the status word. The exchange is logged without its data.
    pub fn transmit(&mut self, frame: &[u8]) -> Vec<u8> {
        let parsed = ReceivedCommand::parse(frame);
        let outcome = parsed.and_then(|command| self.execute(command));
        let (mut answer, status) = match outcome {
            Ok(data) => (data, StatusWord::Done),
            Err(status) => (Vec::new(), status),
        };
        self.log.push(logged(frame, answer.len(), Some(status)));
        answer.extend(u16::from(status).to_be_bytes());
        answer
    }

    /// Logs a command that was never answered.
    pub(crate) fn log_unanswered(&self, frame: &[u8]) {
        self.log.push(logged(frame, 0, None));
    }

    /// Tries left of every PIN file, by application and file, for a caller who keeps them.
    pub fn pin_tries(&self) -> BTreeMap<String, u8> {
        self.pin_names().into_iter().map(|(name, _, _, left)| (name, left)).collect()
    }

    /// Sets the counters that [`Self::pin_tries`] gave earlier; unknown names are ignored.
    pub fn restore_pin_tries(&mut self, tries: &BTreeMap<String, u8>) {
        for (name, applet, file, _) in self.pin_names() {
            let pin = self.applets.get_mut(applet).and_then(|applet| applet.files.get_mut(&file));
            if let (Some(ElementaryFile::Pin(pin)), Some(left)) = (pin, tries.get(&name)) {
                pin.left = *left;
            }
        }
    }

    fn pin_names(&self) -> Vec<(String, usize, FileId, u8)> {
        let mut names = Vec::new();
        for (position, applet) in self.applets.iter().enumerate() {
            let aid: String = applet.aid.iter().map(|byte| format!("{byte:02X}")).collect();
            for (id, file) in &applet.files {
                if let ElementaryFile::Pin(pin) = file {
                    names.push((format!("{aid}/{id:04X}"), position, *id, pin.left));
                }
            }
        }
        names
    }

    fn leave_application(&mut self) {
        self.current = None;
        self.verified.clear();
        self.reset();
    }

    fn execute(&mut self, command: ReceivedCommand<'_>) -> Outcome {
        if command.class == 0xFF {
            return self.answer_for_the_reader(command);
        }
        if command.length_form == LengthForm::Extended && self.extended_length == LengthForm::Short {
            return Err(StatusWord::WrongLength);
        }
        if command.class & 0x03 != 0 && command.class < 0x80 {
            return Err(StatusWord::LogicalChannel);
        }
        match (command.class, command.instruction) {
            (0x10, _) if self.extended_length == LengthForm::Extended => {
                self.chain.0.extend(command.data);
                Ok(Vec::new())
            }
            (0x00, 0xA4) => self.select(command),
            (0x00, 0xB0) => self.read_binary(command),
            (0x00, 0xB2) => self.read_record(command),
            (0x00, 0x20) => self.verify(command),
            (0x00, 0x22) => self.choose_key(command),
            (0x00, 0x2A) => self.sign_padded_block(command),
            (0x80, 0x2A) => self.sign_digest_info(command),
            (0x00 | 0x80, 0xCA) => Err(StatusWord::NoCurrentFile),
            (0x00 | 0x80, _) => Err(StatusWord::InstructionUnsupported),
            _ => Err(StatusWord::ClassUnsupported),
        }
    }

    /// PC/SC part 3 §3.2.2.1.3, Get Data.
    fn answer_for_the_reader(&self, command: ReceivedCommand<'_>) -> Outcome {
        match (command.instruction, command.p1, command.p2, &self.contactless_id) {
            (0xCA, 0, 0, ContactlessId::Fixed(id)) => Ok(id.clone()),
            (0xCA, 0, 0, ContactlessId::Random { first, length }) => {
                let rest = (1..*length).map(|place| self.power_ups.wrapping_mul(41).wrapping_add(place * 73));
                Ok(std::iter::once(*first).chain(rest).collect())
            }
            (0xCA, ..) => Err(StatusWord::FunctionUnsupported),
            _ => Err(StatusWord::InstructionUnsupported),
        }
    }

    fn select(&mut self, command: ReceivedCommand<'_>) -> Outcome {
        match command.p1 {
            0x04 => self.select_application(command),
            0x02 => self.select_file(command.data),
            // There is no usable master file.
            0x00 if command.data == [0x3F, 0x00] => Err(StatusWord::FileNotFound),
            0x00 if self.current.is_some() => Ok(Vec::new()),
            _ => Err(StatusWord::WrongParameters),
        }
    }

    fn select_application(&mut self, command: ReceivedCommand<'_>) -> Outcome {
        if command.data.len() >= SHORTEST_AID {
            if command.data == ISSUER_SECURITY_DOMAIN {
                self.leave_application();
                return Ok(Vec::new());
            }
            let found = self.applets.iter().position(|applet| applet.aid.starts_with(command.data));
            if let Some(found) = found {
                if self.current != Some(found) {
                    self.leave_application();
                }
                self.reset();
                self.current = Some(found);
                return Ok(self.file_control_information(command.p2));
            }
        }
        Err(StatusWord::FileNotFound)
    }

    /// With P2 = 00 the answer is a template with the application's name (ISO/IEC 7816-4 §7.4).
    fn file_control_information(&self, p2: u8) -> Vec<u8> {
        match self.applet() {
            Ok(applet) if p2 == 0x00 => {
                crate::ca::asn1::value(0x6F, &crate::ca::asn1::value(0x84, &applet.aid))
            }
            _ => Vec::new(),
        }
    }

    fn select_file(&mut self, id: &[u8]) -> Outcome {
        let id = id.try_into().map(FileId::from_be_bytes).map_err(|_length| StatusWord::WrongLength)?;
        if !self.applet()?.files.contains_key(&id) {
            return Err(StatusWord::FileNotFound);
        }
        self.current_file = Some(id);
        Ok(Vec::new())
    }

    fn applet(&self) -> Result<&Applet, StatusWord> {
        self.current.and_then(|current| self.applets.get(current)).ok_or(StatusWord::NoCurrentFile)
    }

    fn applet_mut(&mut self) -> Result<&mut Applet, StatusWord> {
        self.current.and_then(|current| self.applets.get_mut(current)).ok_or(StatusWord::NoCurrentFile)
    }

    /// The file that P2 means: 80 the current one, 80|sfi by short identifier, which also selects it.
    fn referenced_file(&mut self, p2: u8) -> Result<FileId, StatusWord> {
        match p2 {
            0x80 => self.current_file.ok_or(StatusWord::NoCurrentFile),
            0x81..=0x9E => {
                let id = self.applet()?.file_of_short_id(p2 & 0x1F).ok_or(StatusWord::FileNotFound)?;
                self.current_file = Some(id);
                Ok(id)
            }
            _ => Err(StatusWord::WrongParameters),
        }
    }

    fn file(&self, id: FileId) -> Result<&ElementaryFile, StatusWord> {
        self.applet()?.files.get(&id).ok_or(StatusWord::FileNotFound)
    }

    fn check_access(&self, access: &Access) -> Result<(), StatusWord> {
        match access {
            Access::Free => Ok(()),
            Access::After(pins) if pins.iter().any(|pin| self.verified.contains(pin)) => Ok(()),
            Access::After(_) => Err(StatusWord::SecurityStatus),
        }
    }

    fn read_binary(&mut self, command: ReceivedCommand<'_>) -> Outcome {
        let (id, offset) = if command.p1 & 0x80 == 0 {
            let id = self.current_file.ok_or(StatusWord::NoCurrentFile)?;
            (id, usize::from(u16::from_be_bytes([command.p1, command.p2])))
        } else {
            (self.referenced_file(command.p1)?, usize::from(command.p2))
        };
        let ElementaryFile::Transparent { content, access } = self.file(id)? else {
            return Err(StatusWord::WrongFileType);
        };
        self.check_access(access)?;
        let expected = command.expected.ok_or(StatusWord::WrongLength)?;
        match content.get(offset..) {
            Some(rest) if !rest.is_empty() => Ok(rest.iter().copied().take(expected).collect()),
            _ => Err(StatusWord::OffsetPastEnd),
        }
    }

    fn read_record(&mut self, command: ReceivedCommand<'_>) -> Outcome {
        let id = match command.p2 >> 3 {
            0 => self.current_file.ok_or(StatusWord::NoCurrentFile)?,
            short_id => self.referenced_file(0x80 | short_id)?,
        };
        let ElementaryFile::Records(records) = self.file(id)? else {
            return Err(StatusWord::WrongFileType);
        };
        let number = usize::from(command.p1).checked_sub(1).ok_or(StatusWord::RecordNotFound)?;
        records.get(number).cloned().ok_or(StatusWord::RecordNotFound)
    }

    fn verify(&mut self, command: ReceivedCommand<'_>) -> Outcome {
        if command.p1 != 0 {
            return Err(StatusWord::WrongParameters);
        }
        let id = self.referenced_file(command.p2)?;
        let applet = self.applet_mut()?;
        let blocked = applet.blocked_status;
        let Some(ElementaryFile::Pin(pin)) = applet.files.get_mut(&id) else {
            return Err(StatusWord::WrongFileType);
        };
        if command.data.is_empty() {
            // Also after a good VERIFY: OpenSC refuses to bind to a card that says 9000 here.
            return Err(StatusWord::TriesLeft(pin.left));
        }
        let status = pin.present(command.data, blocked);
        if status == StatusWord::Done {
            self.verified.insert(id);
            return Ok(Vec::new());
        }
        self.verified.remove(&id);
        Err(status)
    }

    fn sign_digest_info(&mut self, command: ReceivedCommand<'_>) -> Outcome {
        if command.p1 != 0 {
            return Err(StatusWord::WrongParameters);
        }
        let key = if command.p2 == 0 {
            self.applet()?.key_for(KeyCommand::ChipProof).ok_or(StatusWord::WrongParameters)?
        } else {
            let id = self.referenced_file(command.p2)?;
            match self.file(id)? {
                ElementaryFile::Key(key) if key.command == KeyCommand::JpkiSignature => key,
                _ => return Err(StatusWord::WrongFileType),
            }
        };
        let key = key.clone();
        self.use_key(&key, command.data)
    }

    /// MANAGE SECURITY ENVIRONMENT, SET the digital signature template (ISO/IEC 7816-4 §11.5.11).
    fn choose_key(&mut self, command: ReceivedCommand<'_>) -> Outcome {
        if (command.p1, command.p2) != (0x41, 0xB6) {
            return Err(StatusWord::WrongParameters);
        }
        let &[0x81 | 0x84, 2, high, low] = command.data else {
            return Err(StatusWord::WrongData);
        };
        let id = FileId::from_be_bytes([high, low]);
        match self.file(id)? {
            ElementaryFile::Key(key) if key.command == KeyCommand::Iso7816Signature => {
                self.chosen_key = Some(id);
                Ok(Vec::new())
            }
            _ => Err(StatusWord::WrongFileType),
        }
    }

    /// COMPUTE DIGITAL SIGNATURE over a block that the host padded to the length of the modulus.
    fn sign_padded_block(&mut self, command: ReceivedCommand<'_>) -> Outcome {
        let chained = std::mem::take(&mut self.chain).0;
        if (command.p1, command.p2) != (0x9E, 0x9A) {
            return Err(StatusWord::WrongParameters);
        }
        let id = self.chosen_key.ok_or(StatusWord::ConditionsOfUse)?;
        let ElementaryFile::Key(key) = self.file(id)? else {
            return Err(StatusWord::WrongFileType);
        };
        let key = key.clone();
        let block = [&chained, command.data].concat();
        let digest_info = unpadded(&block).ok_or(StatusWord::WrongData)?;
        self.use_key(&key, digest_info)
    }

    fn use_key(&mut self, key: &KeyFile, digest_info: &[u8]) -> Outcome {
        self.check_access(&key.access)?;
        if digest_info.is_empty() {
            return Err(StatusWord::WrongLength);
        }
        let signature = key.key.sign_digest_info(digest_info).map_err(|_too_long| StatusWord::WrongLength)?;
        self.signatures += 1;
        if let (PinLife::OneSignature, Access::After(pins)) = (key.pin_life, &key.access) {
            self.verified.retain(|pin| !pins.contains(pin));
        }
        Ok(signature)
    }
}

/// Takes the PKCS#1 v1.5 padding (RFC 8017 §9.2) off a block of 256 bytes: `00 01 FF.. 00 DigestInfo`.
fn unpadded(block: &[u8]) -> Option<&[u8]> {
    let padded = block.strip_prefix(&[0x00, 0x01]).filter(|_| block.len() == 256)?;
    let filler = padded.iter().take_while(|byte| **byte == 0xFF).count();
    padded.get(filler..)?.strip_prefix(&[0x00]).filter(|_| filler >= 8)
}

fn logged(frame: &[u8], answer_length: usize, status: Option<StatusWord>) -> LoggedCommand {
    let mut header = [0; 4];
    header.iter_mut().zip(frame).for_each(|(to, from)| *to = *from);
    let data_length = ReceivedCommand::parse(frame).map_or(0, |command| command.data.len());
    LoggedCommand { header, data_length, answer_length, status }
}
