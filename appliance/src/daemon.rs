//! Wires everything and runs until a signal comes.

use std::io;
use std::os::unix::net::UnixDatagram;
use std::path::PathBuf;
use std::sync::Arc;
use std::thread::JoinHandle;

use hinamori_card_pcsc::{EventSink, ReaderFilter, Readers};
use hinamori_model::BoxId;
use tokio::signal::unix::{SignalKind, signal};
use tracing::warn;

use crate::checks::Reading;
use crate::config::{Config, NeighbourConfig};
use crate::core::{Core, Event, Inbox, StartError, identity_folder, inbox};
use crate::{control, kiosk, lan, link, power};

/// Runs the daemon. `ready` is called once kiosks are served.
///
/// # Errors
/// [`StartError`].
pub fn run(config: Config, ready: impl FnOnce()) -> Result<(), StartError> {
    let file = |what| move |source| StartError::File { what, source };
    let (to_core, events) = inbox();
    let mut core = Core::open(config.clone())?;
    core.start_lists(to_core.clone()).map_err(file("the thread for revocation lists"))?;
    core.start_roster(to_core.clone()).map_err(file("the thread for the roster"))?;
    core.start_sticks(to_core.clone()).map_err(file("the thread for sticks"))?;
    let readers = watch_readers(&config, &core, to_core.clone()).map_err(file("the threads for readers"))?;
    let listener = kiosk::listen(&config.socket).map_err(file("the kiosks' socket"))?;
    kiosk::serve(listener, to_core.clone()).map_err(file("the kiosks' thread"))?;
    let listener = control::open(&config.control_socket()).map_err(file("the control socket"))?;
    control::serve(listener, to_core.clone()).map_err(file("the control thread"))?;
    if let Some((televisions, wanted)) = core.televisions().zip(config.televisions.as_ref()) {
        televisions.listen(wanted, core.own_id(), to_core.clone());
    }
    power::start(to_core.clone()).map_err(file("the thread for the battery"))?;
    let network = network(&config, core.own_id(), to_core).map_err(file("the network thread"))?;
    ready();
    notify_systemd("READY=1");
    core.run(events);
    notify_systemd("STOPPING=1");
    // First the readers: nobody is to be thanked for a tap that the core does not take any more.
    drop(readers);
    drop(network);
    Ok(())
}

fn watch_readers(config: &Config, core: &Core, to_core: Inbox) -> io::Result<Readers> {
    let lanes = config.clone();
    let accepts: ReaderFilter = Box::new(move |reader| lanes.lane_of(&reader.0).is_some());
    let events: EventSink<Reading> = Arc::new(move |event| {
        if !to_core.send(Event::Reader(Box::new(event))) {
            warn!("a reader's event came after the end");
        }
    });
    Readers::start(accepts, core.checked_tap(), events)
}

/// Signals and the link share one thread.
fn network(config: &Config, own: BoxId, to_core: Inbox) -> io::Result<JoinHandle<()>> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let (identity, neighbours) = (identity_folder(config), config.neighbours.clone());
    let mut stops = {
        let _inside = runtime.enter();
        [signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?]
    };
    std::thread::Builder::new().name("link".to_owned()).spawn(move || {
        runtime.block_on(async {
            let [terminate, interrupt] = &mut stops;
            let told = async {
                tokio::select! { _ = terminate.recv() => {}, _ = interrupt.recv() => {} }
            };
            tokio::select! {
                () = told => {}
                () = link::run(identity.clone(), to_core.clone()) => return,
                () = meet(neighbours, own, identity.clone(), to_core.clone()) => return,
            }
            if !to_core.send(Event::Stop) {
                warn!("told to stop after the end");
            }
        });
    })
}

/// Meets other boxes, if the installer wants it.
async fn meet(config: Option<NeighbourConfig>, own: BoxId, identity: PathBuf, to_core: Inbox) {
    match config {
        Some(config) => lan::run(config, own, identity, to_core).await,
        None => std::future::pending().await,
    }
}

/// sd_notify(3), when systemd started the daemon.
fn notify_systemd(state: &str) {
    let Some(address) = std::env::var_os("NOTIFY_SOCKET") else { return };
    let sent = UnixDatagram::unbound().and_then(|socket| socket.send_to(state.as_bytes(), &address));
    if let Err(error) = sent {
        warn!(%error, "systemd cannot be told");
    }
}
