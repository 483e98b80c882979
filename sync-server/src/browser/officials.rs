//! The listener of officials' browsers, from its files to its connections.

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use hinamori_net_tls::{BrowserDoor, BrowserName, renew_browser_certificate};
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::{JoinSet, spawn_blocking};
use tokio::time::interval;

use super::commands::BrowserError;
use super::door::Browsers;
use super::listener::{BrowserListener, Visitor};
use super::listener_routes;
use crate::alerts::Board;
use crate::api::Api;
use crate::clock::now;
use crate::hub::Hub;
use crate::map::Maps;
use crate::server::Limits;
use crate::town::TownWatch;
use crate::with_sources;

/// How often it is looked whether somebody brought another certificate.
const LOOK_EVERY: Duration = Duration::from_millis(500);
/// How often it is looked whether the certificate ends soon.
const RENEW_EVERY: Duration = Duration::from_secs(6 * 3_600);

/// The listener, before it is served.
pub(crate) struct Officials {
    listener: TcpListener,
    door: Arc<BrowserDoor>,
    browsers: Browsers,
    name: BrowserName,
}

impl Officials {
    /// Reads what browsers are shown.
    ///
    /// # Errors
    /// [`BrowserError`] where the administrator has something left to do.
    pub(crate) fn open(
        town: &TownWatch,
        listener: TcpListener,
        limits: Limits,
    ) -> Result<Self, BrowserError> {
        let site = town.folder.browsers()?.site;
        let named = site.and_then(|site| site.browser_name().map(|name| (site, name)));
        let (site, name) = named.ok_or(BrowserError::NoName)?;
        let browsers = Browsers::new(&site, &town.current().name)?;
        let door = BrowserDoor::open(&town.folder.browser_tls(), name.clone(), limits.patience)?;
        Ok(Self { listener, door: Arc::new(door), browsers, name })
    }

    /// Where it listens.
    pub(crate) fn address(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }

    /// Serves until `ended` says so. Gives what requests share.
    ///
    /// # Errors
    /// As the system reports.
    pub(crate) fn serve(
        self,
        (tasks, served): (&mut JoinSet<()>, &mut JoinSet<()>),
        (hub, board, maps): (&Arc<Hub>, &Arc<Board>, &Arc<Maps>),
        limits: Limits,
        mut ended: watch::Receiver<()>,
    ) -> io::Result<Arc<Api>> {
        let Self { listener, door, browsers, name } = self;
        let listener = BrowserListener::new(listener, Arc::clone(&door), limits)?;
        let api = Arc::new(Api::new(
            (Arc::clone(hub), Arc::clone(board)),
            browsers,
            Arc::clone(maps),
            ended.clone(),
        ));
        let routes = listener_routes(Arc::clone(&api)).into_make_service_with_connect_info::<Visitor>();
        let farewell = async move { drop(ended.changed().await) };
        let serving = axum::serve(listener, routes).with_graceful_shutdown(farewell);
        served.spawn(async move {
            if let Err(error) = serving.await {
                tracing::error!(%error, "browsers are not served any more");
            }
        });
        tasks.spawn(keep_certificate(hub.town.folder.browser_tls(), door, name));
        Ok(api)
    }
}

/// Shows a certificate that an ACME client brought, and issues the town's own anew in time.
async fn keep_certificate(folder: PathBuf, door: Arc<BrowserDoor>, name: BrowserName) {
    let (mut looks, mut renews) = (interval(LOOK_EVERY), interval(RENEW_EVERY));
    loop {
        let is_renewal = tokio::select! {
            _ = looks.tick() => false,
            _ = renews.tick() => true,
        };
        let (folder, door, name) = (folder.clone(), Arc::clone(&door), name.clone());
        let done = spawn_blocking(move || {
            if is_renewal {
                renew_browser_certificate(&folder, &name, Duration::from_millis(now().get()))?;
            }
            door.look()
        });
        match done.await {
            Ok(Ok(true)) => tracing::info!("browsers are shown another certificate"),
            Ok(Ok(false)) | Err(_) => {}
            Ok(Err(error)) => {
                tracing::error!(error = with_sources(&error), "the old certificate is shown to browsers");
            }
        }
    }
}
