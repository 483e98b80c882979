//! What boxes say of alerts: what officers originated there while the town hall was gone, their signatures under what waits here, and the keys
//! that they made. A box is believed nothing: all of it is verified as every receiver does, and kept before it is told on.

use std::sync::Arc;

use hinamori_alert::{
    DeviceKey, EVERYBODY, Envelope, EnvelopeError, Instruction, InstructionPath, Instructions, MessageKind,
    OfficerSignature, SequenceVerdict, SignedAlert, Taken, test_digest,
};
use hinamori_model::{BoxId, UnixMillis};
use hinamori_plan::prepared_of;
use hinamori_store_sqlite::SentMessage;
use hinamori_sync::town::Site;
use hinamori_sync::{AlertMessage, ApprovalAnswer, KeyTest, KioskKeys, OriginatedAlert};
use tokio::sync::mpsc::{Receiver, UnboundedSender};
use tokio::task::spawn_blocking;

use crate::alerts::board::{Board, Inner, Listed, Message, NotSent};
use crate::alerts::draft::{About, Signed};
use crate::alerts::keeper::NotKept;
use crate::alerts::officers::{Register, change_register};
use crate::clock::now;
use crate::data::DataFolder;

/// What a box said, and the way back to it.
pub(crate) struct FromBox {
    pub(crate) id: BoxId,
    /// Where it stands.
    pub(crate) site: Option<Site>,
    pub(crate) message: AlertMessage,
    pub(crate) answer: UnboundedSender<AlertMessage>,
}

/// Why what a box originated is not taken.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NotOriginated {
    /// No device was let in yet.
    #[error("the town has no list of keys")]
    NoList,
    /// The box.
    #[error("the envelope, or what everybody is told, cannot be read")]
    Malformed,
    /// The box: only what a box numbered comes from one.
    #[error("its number is the town hall's own")]
    NoBoxsNumber,
    /// The box, or the officers.
    #[error("the envelope does not hold")]
    Envelope(#[source] Box<EnvelopeError>),
    /// The box.
    #[error("what everybody is told is not what the officers signed")]
    OtherLeaf,
    /// The box, or somebody with two officers' keys.
    #[error("its number is {0:?}")]
    Number(SequenceVerdict),
    /// The officers, or a clock.
    #[error("it does not count: {0:?}")]
    DoesNotCount(Taken),
    /// This machine's disk: the box offers it again.
    #[error(transparent)]
    NotKept(#[from] NotKept),
}

/// Takes what boxes say, one after the other, as long as there are boxes.
pub(crate) async fn take_from_boxes(folder: DataFolder, board: Arc<Board>, mut said: Receiver<FromBox>) {
    while let Some(FromBox { id, site, message, answer }) = said.recv().await {
        match message {
            AlertMessage::Originated(originated) => {
                let envelope = Envelope::decode(&originated.carried.envelope);
                match board.take_originated(id, originated).await {
                    Ok(true) => {
                        tracing::info!(%id, "officers originated an alert at a box");
                        let by = |envelope: &Envelope| -> Vec<_> {
                            envelope.signatures.iter().map(|signed| (signed.key, envelope.sent)).collect()
                        };
                        let proved = envelope.as_ref().map(by).unwrap_or_default();
                        note_proofs(&folder, &board, proved).await;
                    }
                    Ok(false) => {}
                    Err(error) => tracing::warn!(%error, %id, "what a box originated is not taken"),
                }
            }
            AlertMessage::KeysMade(keys) => wait_for_admission(&folder, id, keys).await,
            AlertMessage::Approval { draft, key, signature } => {
                let approved = board.approve(&draft, key, &signature).await;
                tracing::info!(%id, draft, ?approved, "an officer signed at a box");
                if matches!(approved, ApprovalAnswer::Taken | ApprovalAnswer::Sent) {
                    note_proofs(&folder, &board, vec![(DeviceKey::Kiosk(key), now())]).await;
                }
                // Whoever hung up sees with the next list of drafts what became of it.
                drop(answer.send(AlertMessage::Approved { draft, answer: approved }));
            }
            AlertMessage::Strangers(tokens) => {
                if let Err(error) = board.take_strangers(id, tokens).await {
                    tracing::error!(%error, %id, "televisions at a box get no code");
                }
            }
            AlertMessage::Answers(answers) => {
                let Some(site) = site else { continue };
                match board.take_answers_of_box(&site, &answers).await {
                    Ok(taken) => drop(answer.send(AlertMessage::AnswersTaken(taken))),
                    // The box says them again.
                    Err(error) => tracing::error!(%error, %id, "answers at a box are not kept"),
                }
            }
            AlertMessage::Bindings(bindings) => {
                let Some(site) = site else { continue };
                match board.take_bindings((id, &site), bindings).await {
                    Ok(settled) if settled.is_empty() => {}
                    Ok(settled) => drop(answer.send(AlertMessage::BindingsSettled(settled))),
                    // The box says them again.
                    Err(error) => tracing::error!(%error, %id, "televisions cannot be given to households"),
                }
            }
            AlertMessage::KeyTests(tests) => {
                let proved = tests.iter().filter_map(proved_by).collect();
                note_proofs(&folder, &board, proved).await;
            }
            // Said to boxes alone.
            AlertMessage::Keys { .. }
            | AlertMessage::Sent(_)
            | AlertMessage::Plan(_)
            | AlertMessage::KioskKeys(_)
            | AlertMessage::Drafts(_)
            | AlertMessage::Approved { .. }
            | AlertMessage::Told { .. }
            | AlertMessage::Beat(_)
            | AlertMessage::Televisions(_)
            | AlertMessage::AnswersTaken(_)
            | AlertMessage::BindingsSettled(_) => {}
        }
    }
}

/// The key that a test shows to work, if its signature holds, and when.
fn proved_by(KeyTest { key, at, signature }: &KeyTest) -> Option<(DeviceKey, UnixMillis)> {
    let (own, signature) = (DeviceKey::Kiosk(*key), signature.as_slice().try_into().ok()?);
    let signed = OfficerSignature { key: own, assertion: None, signature };
    // Relying parties are the passkeys'.
    signed.verify(&test_digest(key, *at), &[0; 32]).ok().map(|()| (own, *at))
}

/// Writes down that officers' keys at kiosks work: those of the register alone.
async fn note_proofs(folder: &DataFolder, board: &Board, proved: Vec<(DeviceKey, UnixMillis)>) {
    let prove = move |register: &mut Register| {
        proved.iter().filter(|(key, at)| register.prove_kiosk(key, *at, now())).count()
    };
    // A box says it on each connection: most of it is no news.
    if prove(&mut board.inner().register.clone()) == 0 {
        return;
    }
    let folder = folder.clone();
    match spawn_blocking(move || change_register(&folder, prove)).await {
        Ok(Ok(keys)) => tracing::info!(keys, "officers' keys at kiosks work"),
        Ok(Err(error)) => tracing::error!(%error, "that a key works was not written down"),
        Err(_ended) => {}
    }
}

async fn wait_for_admission(folder: &DataFolder, id: BoxId, keys: KioskKeys) {
    let folder = folder.clone();
    let kept = spawn_blocking(move || change_register(&folder, |register| register.wait(id, keys, now())));
    match kept.await {
        Ok(Ok(true)) => tracing::info!(%id, "keys that an officer made at a box wait to be let in"),
        Ok(Ok(false)) | Err(_) => {}
        Ok(Err(error)) => tracing::error!(%error, "the officers' file cannot be changed"),
    }
}

impl Board {
    /// Takes what officers originated at a box. Whether it is new here.
    pub(crate) async fn take_originated(
        &self,
        origin: BoxId,
        originated: OriginatedAlert,
    ) -> Result<bool, NotOriginated> {
        let _acting = self.acting.lock().await;
        let Some(Judged { signed, about, leaf, listed }) =
            self.inner().judge_originated(origin, &originated, now())?
        else {
            return Ok(false);
        };
        let OriginatedAlert { carried, .. } = originated;
        let together =
            Instructions::with_places(std::slice::from_ref(&leaf)).ok_or(NotOriginated::Malformed)?;
        let sent = SentMessage {
            sequence: signed.sequence(),
            digest: signed.digest(),
            alert: carried.alert,
            envelope: carried.envelope,
            about: serde_json::to_string(&about).unwrap_or_default(),
            instructions: vec![leaf],
            judged_by: listed.bytes(),
        };
        let kept = self.keeper.ask(move |store| store.add(&sent).map(|()| sent)).await?;
        let SentMessage { alert, envelope, instructions, .. } = kept;
        let message = Message::new(signed, about, alert, &envelope, instructions, together);
        self.publish(Arc::new(message));
        Ok(true)
    }

    /// An officer's signature that was given at a kiosk: taken as a passkey's is.
    async fn approve(&self, draft: &str, key: [u8; 32], signature: &[u8]) -> ApprovalAnswer {
        let key = DeviceKey::Kiosk(key);
        let officer = {
            let inner = self.inner();
            let devices = inner.list.iter().flat_map(|listed| listed.list.devices());
            let whose = devices.filter(|device| device.key == key).map(|device| device.officer.0).next();
            whose.and_then(|id| inner.register.officer(id).cloned())
        };
        let Some((officer, signature)) = officer.zip(signature.try_into().ok()) else {
            return ApprovalAnswer::NotSigned;
        };
        match self.sign(draft, &officer, OfficerSignature { key, assertion: None, signature }).await {
            Ok(false) => ApprovalAnswer::Taken,
            Ok(true) => ApprovalAnswer::Sent,
            Err(NotSent::Gone | NotSent::Overtaken | NotSent::ComesAnew | NotSent::AsStrong) => {
                ApprovalAnswer::Gone
            }
            Err(NotSent::SignedAlready) => ApprovalAnswer::SignedAlready,
            Err(NotSent::BadSignature) => ApprovalAnswer::NotSigned,
            Err(NotSent::NeedsAnother) => ApprovalAnswer::NeedsAnother,
            Err(NotSent::NotKept(_)) => ApprovalAnswer::NotKept,
        }
    }
}

/// What holds of what a box originated.
struct Judged {
    signed: SignedAlert,
    about: About,
    leaf: Instruction,
    /// By what.
    listed: Listed,
}

impl Inner {
    /// As every receiver judges it; nothing for what is here already.
    fn judge_originated(
        &self,
        origin: BoxId,
        OriginatedAlert { carried, leaf }: &OriginatedAlert,
        now: UnixMillis,
    ) -> Result<Option<Judged>, NotOriginated> {
        let listed = self.list.as_ref().ok_or(NotOriginated::NoList)?;
        let envelope = Envelope::decode(&carried.envelope).ok_or(NotOriginated::Malformed)?;
        if self.messages.iter().any(|known| known.digest == envelope.digest()) {
            return Ok(None);
        }
        if !envelope.sequence.is_of_a_box() {
            return Err(NotOriginated::NoBoxsNumber);
        }
        let verified = envelope.verify(&carried.alert, &listed.list);
        let signed = verified.map_err(|error| NotOriginated::Envelope(Box::new(error)))?;
        let leaf = leaf_of(leaf).ok_or(NotOriginated::Malformed)?;
        if !signed.has(&leaf, &InstructionPath { index: 0, beside: Vec::new() }) {
            return Err(NotOriginated::OtherLeaf);
        }
        // Televisions hear the server all the time: what one officer took back longer ago, they refuse (docs/tv.md §5).
        let (taken, _) = self.as_received(&signed, now, Some(now)).map_err(NotOriginated::Number)?;
        match taken {
            Taken::InForce
            | Taken::Superseded
            | Taken::Cancelled
            | Taken::Cancels { .. }
            | Taken::CancelsUnknown
            // An earlier one of its thread must not come back.
            | Taken::Expired => {}
            refused @ (Taken::Duplicate
            | Taken::OtherContent
            | Taken::FromTheFuture
            | Taken::NeedsAnotherOfficer
            | Taken::Full) => return Err(NotOriginated::DoesNotCount(refused)),
        }
        let about = self.about_originated((origin, now), &signed, &envelope);
        Ok(Some(Judged { signed, about, leaf, listed: listed.clone() }))
    }

    /// What the desk shows of it, by what it says.
    fn about_originated(
        &self,
        (origin, now): (BoxId, UnixMillis),
        signed: &SignedAlert,
        envelope: &Envelope,
    ) -> About {
        let (valid, alert) = (signed.alert(), signed.alert().alert());
        let prepared = self.plan.as_deref().and_then(|plan| prepared_of(plan, valid));
        let kind = valid.evacuation().message;
        let is_referred = |message: &&Arc<Message>| {
            let id = message.alert().id();
            alert.references.contains(&id)
        };
        let sent = alert.sent.at();
        let expected = alert.infos.first().and_then(|info| info.onset).filter(|_| kind == MessageKind::Order);
        let officers = self.list.as_ref().and_then(|listed| envelope.officers(&listed.list).ok());
        let officers = officers.unwrap_or_default().into_iter().map(|officer| {
            let known = self.register.officer(officer.0);
            let (name, title) =
                known.map(|known| (known.name.clone(), known.title.clone())).unwrap_or_default();
            Signed { officer: officer.0, name, title, at: sent }
        });
        About {
            is_exercise: alert.status == hinamori_alert::Status::Exercise,
            prepared: prepared.map(|prepared| prepared.id.clone()).unwrap_or_default(),
            label: prepared.map(|prepared| prepared.label.clone()).unwrap_or_default(),
            title: prepared.map(|prepared| prepared.title_of(kind)).unwrap_or_default(),
            districts: alert.districts().map(str::to_owned).collect(),
            places: alert.destinations().map(str::to_owned).collect(),
            reasons: Vec::new(),
            arrives: expected.map(|onset| onset.at()),
            again: false,
            households: 0,
            people: 0,
            made: sent,
            thread: self.messages.iter().find(is_referred).map(|message| message.thread()),
            signed: officers.collect(),
            origin: Some(origin),
            trigger: None,
            went_out: Some(now),
        }
    }
}

/// Everybody's, whatever it is.
fn leaf_of(bytes: &[u8]) -> Option<Instruction> {
    Instruction::decode(bytes).filter(|leaf| leaf.household == EVERYBODY)
}
