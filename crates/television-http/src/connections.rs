//! The televisions' connections, all on one thread: one that waits for news is a socket and a line in a table, with no buffer and no
//! task of its own. What it is told goes out in one write.
//!
//! Nobody holds up anybody: the thread waits for no socket and no disk. Whoever is slow in asking, or does not read, is sent away.

use std::collections::BTreeMap;
use std::io::{self, ErrorKind, IoSlice};
use std::net::IpAddr;
use std::sync::{Arc, mpsc};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use http::StatusCode;
use mio::event::Event;
use mio::net::{TcpListener, TcpStream};
use mio::{Events, Interest, Poll, Token, Waker};
use rustls::ServerConfig;

use crate::answer::{Head, JSON, Reply, reply};
use crate::line::Line;
use crate::request::{Heard, MOST_BODY, MOST_HEAD, hear};
use crate::{Doorbell, Teller};

const LISTENER: Token = Token(usize::MAX);
const BELL: Token = Token(usize::MAX - 1);
/// How often deadlines are looked at.
const LOOKS: Duration = Duration::from_millis(250);
/// New connections that are taken before the others have their turn.
const ACCEPTED_AT_ONCE: usize = 256;
/// Requests of one connection, the same.
const REQUESTS_AT_ONCE: usize = 8;
/// Bytes that may stand behind a request that came before: some requests of a television, which sends one at a time.
const MOST_BEHIND: usize = 4_096;
/// Those who only stand there are looked for once for so many who come to a full door.
const SENT_AWAY_AT_ONCE: usize = 64;
/// More than a request may have.
const BUFFER: usize = MOST_HEAD + MOST_BODY + 4_096;

/// How long a television's connection may take for what.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Patience {
    /// For a request, from its first byte, and for the first request of somebody who came.
    pub request: Duration,
    /// Until the next request of a television that is known.
    pub idle: Duration,
    /// For taking what it was told.
    pub reading: Duration,
    /// A television's browser gives up a request after half a minute.
    pub news: Duration,
    /// So much sooner by turns, so that those who were told together do not ask together for ever.
    pub news_spread: Duration,
    /// After a last answer, for the other side to read it and hang up.
    pub farewell: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self {
            request: Duration::from_secs(10),
            idle: Duration::from_secs(60),
            reading: Duration::from_secs(20),
            news: Duration::from_secs(25),
            news_spread: Duration::from_secs(5),
            farewell: Duration::from_secs(2),
        }
    }
}

/// How many connections, and how long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DoorLimits {
    /// Televisions at a time.
    pub connections: usize,
    /// Those of one address.
    pub from_one_address: usize,
    /// For what.
    pub patience: Patience,
}

struct Connection<T> {
    line: Line,
    from: IpAddr,
    /// In the order of coming.
    number: u64,
    /// When it is sent away, or told what there is.
    until: Instant,
    doing: Doing<T>,
    side: Side,
    /// There may be bytes that were not read.
    may_read: bool,
    /// The other side says nothing any more.
    is_half_closed: bool,
    /// What came of a request of which there is more to come.
    kept: Vec<u8>,
}

/// Whose end it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Side {
    Stranger,
    /// It said the token of a household's television. One that nobody bound is a stranger still: everybody can have as many as they like.
    Television,
}

/// What a connection does. Everything but `Writes` and a request that came in pieces is without memory of its own.
enum Doing<T> {
    Reads,
    Waits {
        television: Arc<T>,
        revision: u64,
        list: u32,
        stays: bool,
    },
    /// For the disk.
    Asks {
        stays: bool,
    },
    Writes(Box<Rest>),
    /// It was told that this was all.
    Leaves,
}

/// What a socket did not take at once.
struct Rest {
    own: Vec<u8>,
    /// How much of it.
    sent: usize,
    file: &'static [u8],
    stays: bool,
}

/// What is behind the head of an answer.
#[derive(Clone, Copy)]
enum Content<'a> {
    Own(&'a [u8]),
    File(&'static [u8]),
}

/// Whether a connection goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    Stays,
    /// It has more to do than one turn.
    Again,
    Gone,
}

/// An answer that was waited for.
struct Done {
    place: usize,
    number: u64,
    status: StatusCode,
    text: String,
}

/// Says later what a television's request led to. Dropped, it says that it failed.
pub struct Later {
    place: usize,
    number: u64,
    done: mpsc::Sender<Done>,
    bell: Arc<Doorbell>,
    is_said: bool,
}

impl Later {
    /// Says it: the status, and a JSON text.
    pub fn say(mut self, status: StatusCode, text: String) {
        self.send(status, text);
    }

    fn send(&mut self, status: StatusCode, text: String) {
        self.is_said = true;
        // The thread may have ended.
        drop(self.done.send(Done { place: self.place, number: self.number, status, text }));
        self.bell.call();
    }
}

impl Drop for Later {
    fn drop(&mut self) {
        if !self.is_said {
            self.send(StatusCode::SERVICE_UNAVAILABLE, "{}".to_owned());
        }
    }
}

impl std::fmt::Debug for Later {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "Later({})", self.number)
    }
}

/// The thread.
struct Door<T: Teller> {
    poll: Poll,
    /// Gone when the server ends.
    listener: Option<TcpListener>,
    tls: Option<Arc<ServerConfig>>,
    teller: Arc<T>,
    limits: DoorLimits,
    places: Vec<Option<Connection<T::Television>>>,
    free: Vec<usize>,
    from: BTreeMap<IpAddr, usize>,
    came: u64,
    may_accept: bool,
    again: Vec<usize>,
    done: (mpsc::Sender<Done>, mpsc::Receiver<Done>),
    now: Instant,
    date: String,
    // Used for one answer after the other.
    incoming: Vec<u8>,
    head: Vec<u8>,
    body: Vec<u8>,
    delivered: Vec<T::Delivery>,
}

/// Serves televisions on a thread of its own until the teller's bell says that it ends. The listener is one that does not block; over it
/// they speak TLS where `tls` says how, else what is said can be read on the way.
///
/// # Errors
/// As the system reports.
pub fn serve<T: Teller>(
    (listener, tls): (std::net::TcpListener, Option<Arc<ServerConfig>>),
    teller: Arc<T>,
    limits: DoorLimits,
) -> io::Result<JoinHandle<()>> {
    let poll = Poll::new()?;
    let mut listener = TcpListener::from_std(listener);
    poll.registry().register(&mut listener, LISTENER, Interest::READABLE)?;
    teller.doorbell().connect(Waker::new(poll.registry(), BELL)?);
    let door = Door {
        poll,
        listener: Some(listener),
        tls,
        teller,
        limits,
        places: Vec::new(),
        free: Vec::new(),
        from: BTreeMap::new(),
        came: 0,
        may_accept: true,
        again: Vec::new(),
        done: mpsc::channel(),
        now: Instant::now(),
        date: date(),
        incoming: vec![0; BUFFER],
        head: Vec::new(),
        body: Vec::new(),
        delivered: Vec::new(),
    };
    std::thread::Builder::new().name("televisions".to_owned()).spawn(move || door.run())
}

impl<T: Teller> Door<T> {
    fn run(mut self) {
        // Each may be a handshake, of some tenths of a millisecond: nobody who waits for news waits for a thousand of them.
        let mut events = Events::with_capacity(256);
        let (mut looked, mut over) = (self.now, None);
        loop {
            let is_busy = !self.again.is_empty() || (self.may_accept && self.listener.is_some());
            let waits = if is_busy { Duration::ZERO } else { LOOKS };
            match self.poll.poll(&mut events, Some(waits)) {
                Err(error) if error.kind() != ErrorKind::Interrupted => {
                    return tracing::error!(%error, "televisions are not served any more");
                }
                Ok(()) | Err(_) => {}
            }
            self.now = Instant::now();
            let has_news = self.teller.doorbell().answer();
            if self.teller.doorbell().is_over() && over.is_none() {
                over = self.now.checked_add(self.limits.patience.farewell);
                self.listener = None;
            }
            for place in std::mem::take(&mut self.again) {
                self.turn(place, |_| ());
            }
            for event in &events {
                self.notice(event);
            }
            self.accept();
            while let Ok(done) = self.done.1.try_recv() {
                self.finish(&done);
            }
            if has_news || over.is_some() {
                self.tell_news(over.is_some());
            }
            if self.now.duration_since(looked) >= LOOKS {
                looked = self.now;
                self.date = date();
                self.look_at_deadlines();
            }
            self.teller.deliver(std::mem::take(&mut self.delivered));
            let is_writing =
                |connection: &Connection<T::Television>| !matches!(connection.doing, Doing::Reads);
            if let Some(until) = over
                && (self.now >= until || !self.places.iter().flatten().any(is_writing))
            {
                return;
            }
        }
    }

    fn notice(&mut self, event: &Event) {
        match event.token() {
            LISTENER => self.may_accept = true,
            BELL => {}
            Token(place) => self.turn(place, |connection| {
                connection.may_read |= event.is_readable() || event.is_read_closed();
                connection.is_half_closed |= event.is_read_closed() || event.is_error();
            }),
        }
    }

    /// Has a connection go on after `change`, and forgets it when it is over.
    fn turn(&mut self, place: usize, change: impl FnOnce(&mut Connection<T::Television>)) {
        let Some(mut connection) = self.places.get_mut(place).and_then(Option::take) else { return };
        change(&mut connection);
        let fate = self.go_on(&mut connection, place);
        self.put_back(place, connection, fate);
    }

    fn put_back(&mut self, place: usize, connection: Connection<T::Television>, fate: Fate) {
        if fate == Fate::Gone {
            let from = connection.from;
            drop(connection);
            if let Some(count) = self.from.get_mut(&from) {
                *count = count.saturating_sub(1);
                if *count == 0 {
                    self.from.remove(&from);
                }
            }
            return self.free.push(place);
        }
        if fate == Fate::Again {
            self.again.push(place);
        }
        if let Some(own) = self.places.get_mut(place) {
            *own = Some(connection);
        }
    }

    fn accept(&mut self) {
        for _ in 0..ACCEPTED_AT_ONCE {
            let Some(listener) = self.listener.as_ref().filter(|_| self.may_accept) else { return };
            match listener.accept() {
                Ok((stream, from)) => self.welcome(stream, from.ip()),
                Err(error) if error.kind() == ErrorKind::WouldBlock => self.may_accept = false,
                // The other side was gone before it was taken.
                Err(error)
                    if matches!(error.kind(), ErrorKind::ConnectionAborted | ErrorKind::Interrupted) => {}
                Err(error) => {
                    tracing::warn!(%error, "a television's connection was not accepted");
                    // Tried again with the next look at deadlines.
                    self.may_accept = false;
                }
            }
        }
    }

    fn welcome(&mut self, mut stream: TcpStream, from: IpAddr) {
        let here = self.from.get(&from).copied().unwrap_or_default();
        if here >= self.limits.from_one_address {
            self.send_strangers_away(Some(from));
        } else if self.places.len().saturating_sub(self.free.len()) >= self.limits.connections {
            self.send_strangers_away(None);
        }
        let here = self.from.get(&from).copied().unwrap_or_default();
        let all = self.places.len().saturating_sub(self.free.len());
        if here >= self.limits.from_one_address || all >= self.limits.connections {
            // Televisions that are known have every place.
            return tracing::debug!("a television found no place");
        }
        let place = self.free.pop().unwrap_or_else(|| {
            self.places.push(None);
            self.places.len().saturating_sub(1)
        });
        // An answer is one write: nothing is to wait for the other side's confirmation.
        let registered = stream.set_nodelay(true).and_then(|()| {
            let both = Interest::READABLE | Interest::WRITABLE;
            self.poll.registry().register(&mut stream, Token(place), both)
        });
        let line = match registered.and_then(|()| Line::new(stream, self.tls.as_ref())) {
            Ok(line) => line,
            Err(error) => {
                tracing::warn!(%error, "a television's connection cannot be served");
                return self.free.push(place);
            }
        };
        self.came = self.came.saturating_add(1);
        let connection = Connection {
            line,
            from,
            number: self.came,
            until: later(self.now, self.limits.patience.request),
            doing: Doing::Reads,
            side: Side::Stranger,
            may_read: false,
            is_half_closed: false,
            kept: Vec::new(),
        };
        *self.from.entry(from).or_default() += 1;
        self.put_back(place, connection, Fate::Stays);
    }

    /// Those who came first of those who never said that they are a television: whoever only stands there keeps no household out.
    fn send_strangers_away(&mut self, from: Option<IpAddr>) {
        let is_meant = |connection: &&Connection<T::Television>| {
            connection.side == Side::Stranger && from.is_none_or(|address| address == connection.from)
        };
        let mut strangers: Vec<(u64, usize)> = self
            .places
            .iter()
            .enumerate()
            .filter_map(|(place, known)| Some((known.as_ref().filter(is_meant)?.number, place)))
            .collect();
        strangers.sort_unstable();
        // A few of them only: others of these may be televisions that just came.
        let some = strangers.len().div_ceil(8).min(SENT_AWAY_AT_ONCE);
        for (_, place) in strangers.into_iter().take(some) {
            if let Some(connection) = self.places.get_mut(place).and_then(Option::take) {
                self.put_back(place, connection, Fate::Gone);
            }
        }
    }

    /// Does what can be done now.
    fn go_on(&mut self, connection: &mut Connection<T::Television>, place: usize) -> Fate {
        // A handshake, of which nothing else knows that it goes on. What did not go out before the end is not missed.
        if !matches!(connection.doing, Doing::Leaves) && connection.line.flush().is_err() {
            return Fate::Gone;
        }
        for _ in 0..REQUESTS_AT_ONCE {
            let fate = match &mut connection.doing {
                Doing::Reads => self.read(connection, place),
                // A set that hung up waits for nothing. What else it sends is read once it was told.
                Doing::Waits { .. } if connection.is_half_closed => Some(Fate::Gone),
                Doing::Waits { .. } | Doing::Asks { .. } => Some(Fate::Stays),
                Doing::Writes(rest) => match rest.write(&mut connection.line) {
                    Ok(true) => {
                        let stays = rest.stays;
                        self.after_answer(connection, stays)
                    }
                    Ok(false) => Some(Fate::Stays),
                    Err(_) => Some(Fate::Gone),
                },
                Doing::Leaves => Some(self.drain(connection)),
            };
            if let Some(fate) = fate {
                return fate;
            }
        }
        Fate::Again
    }

    /// Reads what may be a request, and does what it asks; a fate when there is nothing more to do.
    fn read(&mut self, connection: &mut Connection<T::Television>, place: usize) -> Option<Fate> {
        let mut incoming = std::mem::take(&mut self.incoming);
        let kept = std::mem::take(&mut connection.kept);
        let had_begun = !kept.is_empty();
        let mut length = kept.len();
        incoming.iter_mut().zip(&kept).for_each(|(to, from)| *to = *from);
        let mut fate_of_rest = Fate::Stays;
        let fate = loop {
            let bytes = incoming.get(..length).unwrap_or_default();
            match if length == 0 { Heard::NotAll } else { hear(bytes) } {
                Heard::Request(request, used) => {
                    let stays = request.stays && !self.teller.doorbell().is_over();
                    let replied = reply(&*self.teller, &request);
                    connection.kept = bytes.get(used..).unwrap_or_default().to_vec();
                    if connection.kept.len() > MOST_BEHIND {
                        break Some(Fate::Gone);
                    }
                    break self.serve_reply(connection, place, (request.method, replied), stays);
                }
                Heard::Refused(status) => {
                    break self.answer(connection, status, b"{}", false);
                }
                Heard::NotAll => {}
            }
            let space = if connection.may_read && fate_of_rest == Fate::Stays {
                incoming.get_mut(length..)
            } else {
                None
            };
            let Some(space) = space.filter(|space| !space.is_empty()) else {
                if !had_begun && length > 0 {
                    connection.until = later(self.now, self.limits.patience.request);
                }
                connection.kept = incoming.get(..length).unwrap_or_default().to_vec();
                break Some(fate_of_rest);
            };
            let room = space.len();
            match connection.line.read(space) {
                Ok(0) => break Some(Fate::Gone),
                Ok(more) => {
                    length = length.saturating_add(more);
                    // All that there was: what comes later, or the end of it, is told.
                    connection.may_read =
                        connection.line.may_have_more(more, room) || connection.is_half_closed;
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => connection.may_read = false,
                Err(error) if error.kind() == ErrorKind::Interrupted => fate_of_rest = Fate::Again,
                Err(_) => break Some(Fate::Gone),
            }
        };
        self.incoming = incoming;
        fate
    }

    fn serve_reply(
        &mut self,
        connection: &mut Connection<T::Television>,
        place: usize,
        (method, replied): (&str, Reply<T::Television>),
        stays: bool,
    ) -> Option<Fate> {
        // Nothing stands behind the head that answers a HEAD.
        let content = |content| if method == "HEAD" { Content::File(&[]) } else { content };
        match replied {
            Reply::File { bytes, content_type } => {
                let head =
                    Head { status: StatusCode::OK, content_type, extra: None, length: bytes.len(), stays };
                self.answer_with(connection, &head, content(Content::File(bytes)))
            }
            Reply::Status(status, extra) => {
                let bytes: &[u8] = if status.is_redirection() { b"" } else { b"{}" };
                let head = Head { status, content_type: JSON, extra, length: bytes.len(), stays };
                self.answer_with(connection, &head, content(Content::Own(bytes)))
            }
            Reply::Tell { television, revision, list } => {
                connection.side = self.side_of(&television);
                match revision {
                    Some(revision) => {
                        let spread = self.limits.patience.news_spread.as_millis().max(1);
                        let sooner = u64::try_from(u128::from(connection.number) % spread).unwrap_or(0);
                        let waits = self.limits.patience.news.saturating_sub(Duration::from_millis(sooner));
                        connection.until = later(self.now, waits);
                        connection.doing = Doing::Waits { television, revision, list, stays };
                        None
                    }
                    None => self.tell(connection, &television, list, stays),
                }
            }
            Reply::Hello => {
                let reply = self.later(connection, place, stays);
                self.teller.hello(reply);
                None
            }
            Reply::Answer { television, digest, answer } => {
                connection.side = self.side_of(&television);
                let reply = self.later(connection, place, stays);
                self.teller.answer(&television, digest, answer, reply);
                None
            }
        }
    }

    fn side_of(&self, television: &T::Television) -> Side {
        if self.teller.is_bound(television) { Side::Television } else { Side::Stranger }
    }

    /// The connection waits for the disk.
    fn later(&self, connection: &mut Connection<T::Television>, place: usize, stays: bool) -> Later {
        connection.doing = Doing::Asks { stays };
        let bell = Arc::clone(self.teller.doorbell());
        Later { place, number: connection.number, done: self.done.0.clone(), bell, is_said: false }
    }

    fn finish(&mut self, done: &Done) {
        let Some(mut connection) = self.places.get_mut(done.place).and_then(Option::take) else { return };
        let stays = match connection.doing {
            Doing::Asks { stays } if connection.number == done.number => stays,
            _ => return self.put_back(done.place, connection, Fate::Stays),
        };
        let fate = self.answer(&mut connection, done.status, done.text.as_bytes(), stays);
        let fate = fate.unwrap_or_else(|| self.go_on(&mut connection, done.place));
        self.put_back(done.place, connection, fate);
    }

    /// Tells those who wait and have another revision now, or everybody.
    fn tell_news(&mut self, everybody: bool) {
        let teller = Arc::clone(&self.teller);
        for place in 0..self.places.len() {
            let is_news = |connection: &mut Connection<T::Television>| match &connection.doing {
                Doing::Waits { television, revision, .. } => {
                    everybody || teller.revision(television) != *revision
                }
                _ => false,
            };
            let waiting = self.places.get_mut(place).and_then(|known| known.take_if(is_news));
            let Some(connection) = waiting else { continue };
            self.tell_waiting(place, connection);
        }
    }

    fn tell_waiting(&mut self, place: usize, mut connection: Connection<T::Television>) {
        let Doing::Waits { television, list, stays, .. } =
            std::mem::replace(&mut connection.doing, Doing::Reads)
        else {
            return self.put_back(place, connection, Fate::Stays);
        };
        let stays = stays && !self.teller.doorbell().is_over();
        let fate = self.tell(&mut connection, &television, list, stays);
        let has_more = connection.may_read || !connection.kept.is_empty();
        let fate = match fate {
            None if has_more => self.go_on(&mut connection, place),
            None => Fate::Stays,
            Some(fate) => fate,
        };
        self.put_back(place, connection, fate);
    }

    fn look_at_deadlines(&mut self) {
        self.may_accept = true;
        for place in 0..self.places.len() {
            let now = self.now;
            let is_due = |connection: &mut Connection<T::Television>| connection.until <= now;
            let due = self.places.get_mut(place).and_then(|known| known.take_if(is_due));
            let Some(connection) = due else { continue };
            match &connection.doing {
                Doing::Waits { .. } => self.tell_waiting(place, connection),
                // The disk answers, or the server ends.
                Doing::Asks { .. } => self.put_back(place, connection, Fate::Stays),
                Doing::Reads | Doing::Writes(_) | Doing::Leaves => {
                    self.put_back(place, connection, Fate::Gone);
                }
            }
        }
    }

    fn tell(
        &mut self,
        connection: &mut Connection<T::Television>,
        television: &T::Television,
        list: u32,
        stays: bool,
    ) -> Option<Fate> {
        let mut body = std::mem::take(&mut self.body);
        body.clear();
        let before = self.delivered.len();
        self.teller.tell(television, list, &mut body, &mut self.delivered);
        let fate = self.answer(connection, StatusCode::OK, &body, stays);
        if matches!(fate, Some(Fate::Gone)) {
            self.delivered.truncate(before);
        }
        self.body = body;
        fate
    }

    fn answer(
        &mut self,
        connection: &mut Connection<T::Television>,
        status: StatusCode,
        json: &[u8],
        stays: bool,
    ) -> Option<Fate> {
        let head = Head { status, content_type: JSON, extra: None, length: json.len(), stays };
        self.answer_with(connection, &head, Content::Own(json))
    }

    /// Writes an answer, in one go where the socket takes it.
    fn answer_with(
        &mut self,
        connection: &mut Connection<T::Television>,
        head: &Head,
        content: Content<'_>,
    ) -> Option<Fate> {
        let stays = head.stays;
        self.head.clear();
        head.write(&self.date, &mut self.head);
        let parts = [IoSlice::new(&self.head), IoSlice::new(content.bytes())];
        let written = match connection.line.write(&parts) {
            Ok(written) => written,
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted) => 0,
            Err(_) => return Some(Fate::Gone),
        };
        let of_content = written.saturating_sub(self.head.len());
        let mut own = self.head.get(written..).unwrap_or_default().to_vec();
        let rest = content.bytes().get(of_content..).unwrap_or_default();
        if own.is_empty() && rest.is_empty() {
            match connection.line.flush() {
                Ok(true) => return self.after_answer(connection, stays),
                Ok(false) => {}
                Err(_) => return Some(Fate::Gone),
            }
        }
        let file = match content {
            Content::Own(bytes) => {
                own.extend_from_slice(bytes.get(of_content..).unwrap_or_default());
                &[]
            }
            Content::File(bytes) => bytes.get(of_content..).unwrap_or_default(),
        };
        connection.until = later(self.now, self.limits.patience.reading);
        connection.doing = Doing::Writes(Box::new(Rest { own, sent: 0, file, stays }));
        None
    }

    fn after_answer(&self, connection: &mut Connection<T::Television>, stays: bool) -> Option<Fate> {
        if stays && !connection.is_half_closed {
            let Patience { request, idle, .. } = self.limits.patience;
            let is_idle = connection.side == Side::Television && connection.kept.is_empty();
            connection.until = later(self.now, if is_idle { idle } else { request });
            connection.doing = Doing::Reads;
            return None;
        }
        // Closed at once, what was not read yet would take the answer along (RFC 9112 §9.6).
        connection.doing = Doing::Leaves;
        connection.may_read = true;
        connection.until = later(self.now, self.limits.patience.farewell);
        if connection.line.end().is_err() { Some(Fate::Gone) } else { None }
    }

    /// Takes what the other side still says, until it hangs up too.
    fn drain(&mut self, connection: &mut Connection<T::Television>) -> Fate {
        for _ in 0..REQUESTS_AT_ONCE {
            match connection.line.discard(&mut self.incoming) {
                Ok(0) => return Fate::Gone,
                Ok(_) => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Fate::Stays,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(_) => return Fate::Gone,
            }
        }
        Fate::Again
    }
}

impl Content<'_> {
    const fn bytes(&self) -> &[u8] {
        match self {
            Self::Own(bytes) => bytes,
            Self::File(bytes) => bytes,
        }
    }
}

impl Rest {
    /// Writes on; whether that was all.
    fn write(&mut self, line: &mut Line) -> io::Result<bool> {
        loop {
            let own = self.own.get(self.sent..).unwrap_or_default();
            if own.is_empty() && self.file.is_empty() {
                return line.flush();
            }
            let parts = [IoSlice::new(own), IoSlice::new(self.file)];
            match line.write(&parts) {
                Ok(0) => return Err(ErrorKind::WriteZero.into()),
                Ok(written) => {
                    let of_file = written.saturating_sub(own.len());
                    self.sent = self.sent.saturating_add(written.min(own.len()));
                    self.file = self.file.get(of_file..).unwrap_or_default();
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(false),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }
}

fn later(from: Instant, by: Duration) -> Instant {
    from.checked_add(by).unwrap_or(from)
}

/// Now, as RFC 9110 §5.6.7 has it.
fn date() -> String {
    jiff::Timestamp::now().strftime("%a, %d %b %Y %H:%M:%S GMT").to_string()
}
