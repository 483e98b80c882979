//! Ways of bytes beside the lines to the server: two boxes on one network for a moment, and sticks.

use anyhow::Context as _;
use hinamori_model::UnixMillis;
use hinamori_record::DocumentScope;
use hinamori_store_sqlite::Durability;
use hinamori_sync::{
    Bundle, BundleWriter, Effects, Grants, Held, ReadSection, SealKey, Section, SectionOf, Session, Side,
    Vectors,
};

use crate::dice::Dice;
use crate::machine::Machine;
use crate::world::INCIDENTS;

/// The incident's key, which every machine of the town has.
const KEY: [u8; 32] = [9; 32];

/// Takes what a session says is to be stored. Gives why an honest batch was refused.
fn take(
    machine: &mut Machine,
    effects: Effects,
    grants: &Grants,
    now: UnixMillis,
) -> anyhow::Result<Result<Vec<u8>, String>> {
    let Effects { mut store, quarantine, send, .. } = effects;
    if let Some((reason, _)) = quarantine.first() {
        return Ok(Err(format!("an honest batch was refused: {reason}")));
    }
    // A stick may carry what a box may not read.
    if let Some(seed) = machine.seed() {
        let own = SealKey::from_bytes(&seed).box_id();
        let grant = grants.0.get(&own).context("a box without a grant")?;
        store.retain(|batch| grant.may_read(batch.seal().scope.site));
    }
    if !store.is_empty() {
        // Nobody else may have it: who gave it may be gone.
        let taken = machine.take(&store, Durability::Durable, now)?;
        machine.promise(taken);
    }
    Ok(Ok(send))
}

/// One of two boxes that meet.
struct End<'m> {
    machine: &'m mut Machine,
    session: Session,
    says: Vec<u8>,
    now: UnixMillis,
}

impl<'m> End<'m> {
    fn new(
        machine: &'m mut Machine,
        peer: [u8; 32],
        root: [u8; 32],
        grants: &Grants,
        now: UnixMillis,
    ) -> anyhow::Result<Self> {
        machine.seal()?;
        let side = Side::Neighbour { peer: SealKey::from_bytes(&peer).box_id() };
        let held = Held { vectors: machine.store().vectors(), ..Held::NOTHING };
        let (session, says) = Session::new(side, root, None, grants.clone(), held);
        Ok(Self { machine, session, says, now })
    }

    /// What it says next.
    fn speak(&mut self) -> anyhow::Result<Vec<u8>> {
        let offerable = self.session.offerable();
        let batches = self.machine.missing_at(self.session.peer(), |scope| offerable.includes(scope))?;
        let offered = self.session.offer(batches);
        Ok([std::mem::take(&mut self.says), offered].concat())
    }
}

/// Two boxes are on one network until so many bytes went over it. Gives why an honest batch was refused.
pub(crate) fn meet(
    machines: [&mut Machine; 2],
    root: [u8; 32],
    grants: &Grants,
    now: [UnixMillis; 2],
    most: usize,
) -> anyhow::Result<Result<usize, String>> {
    let [one, two] = machines;
    let (Some(first), Some(second)) = (one.seed(), two.seed()) else { return Ok(Ok(0)) };
    let mut ends =
        [End::new(one, second, root, grants, now[0])?, End::new(two, first, root, grants, now[1])?];
    let mut carried = 0;
    loop {
        let mut said = false;
        for (from, to) in [(0, 1), (1, 0)] {
            let mut bytes = ends.get_mut(from).context("an end")?.speak()?;
            bytes.truncate(most.saturating_sub(carried));
            carried += bytes.len();
            if bytes.is_empty() {
                continue;
            }
            said = true;
            let end = ends.get_mut(to).context("an end")?;
            let effects = end.session.received(&bytes).context("an honest box was called dishonest")?;
            match take(end.machine, effects, grants, end.now)? {
                Ok(answer) => end.says.extend(answer),
                Err(reason) => return Ok(Err(reason)),
            }
        }
        if !said {
            return Ok(Ok(carried));
        }
    }
}

/// Everything that a box holds, as a bundle.
pub(crate) fn write_stick(
    machine: &mut Machine,
    root: [u8; 32],
    grants: &Grants,
    now: UnixMillis,
    dice: &mut Dice,
) -> anyhow::Result<Vec<u8>> {
    machine.seal()?;
    let key = SealKey::from_bytes(&machine.seed().context("a box writes sticks")?);
    let held = Held { vectors: machine.store().vectors(), ..Held::NOTHING };
    let (mut session, mut said) = Session::to_nobody(Side::Box, root, None, grants.clone(), held);
    let mut sent = Vectors::new();
    loop {
        let batches = machine.missing_at(&sent, |_: &DocumentScope| true)?;
        if batches.is_empty() {
            break;
        }
        for batch in &batches {
            sent.entry(batch.seal.scope).or_default().insert(batch.seal.actor, batch.seal.upto);
        }
        said.extend(session.offer(batches));
    }
    // Everything in one section: which key it stands under is tried elsewhere.
    let [incident, ..] = INCIDENTS;
    let of = SectionOf::Incident(incident);
    let section = Section { of, key: KEY.into(), content: said.into() };
    Ok(BundleWriter::Box(&key).write(&[section], dice.bytes(), now)?)
}

/// Reads a stick in, wherever it was cut off. Gives why an honest batch was refused.
pub(crate) fn read_stick(
    machine: &mut Machine,
    stick: &[u8],
    root: [u8; 32],
    grants: &Grants,
    now: UnixMillis,
) -> anyhow::Result<Result<(), String>> {
    // Cut off in its head it is no bundle, and says so.
    let Ok(bundle) = Bundle::open(stick) else { return Ok(Ok(())) };
    let writer = grants.0.iter().find(|(_, grant)| grant.seal_key == *bundle.from());
    let peer = *writer.context("a stick of no box")?.0;
    let side = if machine.seed().is_some() { Side::Neighbour { peer } } else { Side::Server { peer } };
    for (_, read) in bundle.sections(|_of| Some(KEY.into())) {
        let Some(ReadSection { content, .. }) = read else { continue };
        let (mut session, _) = Session::new(side, root, None, grants.clone(), Held::NOTHING);
        for piece in content.chunks(700) {
            let effects = session.received(piece).context("an honest stick was called dishonest")?;
            if let Err(reason) = take(machine, effects, grants, now)? {
                return Ok(Err(reason));
            }
        }
    }
    Ok(Ok(()))
}
