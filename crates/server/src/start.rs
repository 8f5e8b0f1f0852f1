//! The server's start and stop.
//!
//! A start reads as a story: open what is kept, find or make the authority, take both ports, then let agents and people in. A stop
//! runs it backwards: nobody new comes in, what is in flight is answered, what is only in memory is written down.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::http::StatusCode;
use axum::routing::get;
use enamel_assess::{Content, LoadError};
use enamel_store::{Purpose, Scope, Store, StoreError, settings};
use tokio::net::TcpListener;
use tokio::task::JoinSet;

use crate::access::guard::{self, Address, NoAddress};
use crate::access::passkey::PasskeyError;
use crate::access::{self, Access};
use crate::alerts::Courier;
use crate::api::{Api, Evidence};
use crate::console::{self, Console};
use crate::edge::{self, Agents, Door, Roster};
use crate::ingest::Ingest;
use crate::mailbox::{Breaker, Mailbox};
use crate::pki::{Authority, PkiError};
use crate::reconcile::Reconciler;
use crate::sightings::Sightings;
use crate::stop::{Stop, StopHandle, stop};
use crate::{World, blocking, metrics};

/// What a server is started with.
#[derive(Debug, Clone)]
pub struct Config {
    /// The data folder.
    pub data: PathBuf,
    /// PostgreSQL's address; `None` keeps everything in the data folder.
    pub database: Option<String>,
    /// Where people come in.
    pub people: SocketAddr,
    /// Where agents come in.
    pub agents: SocketAddr,
    /// Content in place of what is built in.
    pub content: Option<PathBuf>,
    /// The address that people know, of a proxy with TLS before it: `https://enamel.example.com`. `None`: this computer's own.
    pub public: Option<String>,
}

/// A server that runs.
pub struct Server {
    /// Where people come in, with the port that was given out where 0 was asked for.
    pub people: SocketAddr,
    /// The same for agents.
    pub agents: SocketAddr,
    /// What a console makes of it.
    pub parts: Parts,
    /// People's access.
    pub access: Access,
    ingest: Arc<Ingest>,
    /// Brings practices up to date.
    pub reconciler: Arc<Reconciler>,
    stop: StopHandle,
    tasks: JoinSet<()>,
}

/// What console and API share with the agents' side.
#[derive(Clone)]
pub struct Parts {
    /// What is kept.
    pub store: Store,
    /// Clock and dice.
    pub world: World,
    /// Whom tokens pin.
    pub authority: Arc<Authority>,
    /// To be told when an agent is shut out.
    pub roster: Arc<Roster>,
    /// To be told when something waits for an agent.
    pub mailbox: Arc<Mailbox>,
    pub(crate) sightings: Arc<Sightings>,
    pub(crate) breaker: Arc<Breaker>,
}

/// Why a server did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The authority.
    #[error(transparent)]
    Pki(#[from] PkiError),
    /// TLS.
    #[error(transparent)]
    Tls(#[from] edge::tls::TlsError),
    /// The address that people know.
    #[error(transparent)]
    Address(#[from] NoAddress),
    /// Passkeys for that address.
    #[error("passkeys cannot be bound to the console's address")]
    Passkeys(#[from] PasskeyError),
    /// What evidence is judged by.
    #[error(transparent)]
    Content(#[from] LoadError),
    /// Metrics.
    #[error("the server's metrics could not be set up")]
    Metrics(#[from] metrics_exporter_prometheus::BuildError),
    /// A port.
    #[error("could not listen for {who} on {address}")]
    Listen {
        /// Agents or people.
        who: &'static str,
        /// Where.
        address: SocketAddr,
        /// Why not.
        #[source]
        source: std::io::Error,
    },
}

impl Server {
    /// Starts.
    pub async fn start(config: Config, world: World) -> Result<Self, StartError> {
        let (handle, stop) = stop();
        let parts = blocking({
            let (config, stop) = (config.clone(), stop.clone());
            move || Parts::open(&config, world, stop)
        })
        .await?;
        let store = parts.store.clone();
        let started = Self::open_doors(config, parts, handle, stop).await;
        if started.is_err() {
            close(store).await;
        }
        started
    }

    async fn open_doors(
        config: Config,
        parts: Parts,
        handle: StopHandle,
        stop: Stop,
    ) -> Result<Self, StartError> {
        let measured = metrics::install()?;
        let world = parts.world.clone();
        let content = Arc::new(Content::load(config.content.as_deref())?);
        let tls = Arc::new(edge::tls::config(&parts.authority, &world)?);
        // People first: theirs is the port that tells whether this server runs already.
        let people = listen("people", config.people).await?;
        let agents = listen("agents", config.agents).await?;
        let ingest = Arc::new(Ingest::new(parts.store.clone(), world.clone()));
        let protocol = edge::router(Agents::new(&parts, ingest.clone()));
        let at = address(&people, "people", config.people)?;
        let known = Address::new(at, config.public.as_deref())?;
        let access = Access::new(parts.store.clone(), world.clone(), known)?;
        let reconciler = blocking({
            let (store, breaker, content) = (parts.store.clone(), parts.breaker.clone(), content.clone());
            let folder = config.content.clone();
            move || Arc::new(Reconciler::new(store, world, content, folder.as_deref(), breaker))
        })
        .await;
        let evidence = Evidence {
            content,
            reconciler: reconciler.clone(),
            news: ingest.news(),
            closed: config.data.join("closed"),
        };
        let agents_at = address(&agents, "agents", config.agents)?;
        let pages = pages(&access, &parts, &evidence, agents_at.port());
        // Monitors and metrics call by whatever name; they see nothing of anybody.
        let pages = pages.merge(metrics::page(measured)).merge(health(&parts.store, &stop));
        let mut server = Self {
            people: at,
            agents: agents_at,
            parts,
            access,
            ingest: ingest.clone(),
            reconciler: reconciler.clone(),
            stop: handle,
            tasks: JoinSet::new(),
        };
        let parts = server.parts.clone();
        server.tasks.spawn({
            let (sightings, stop) = (parts.sightings.clone(), stop.clone());
            async move { sightings.run(stop).await }
        });
        server.tasks.spawn(forget_ended(server.access.clone(), stop.clone()));
        server.tasks.spawn(reconciler.run(ingest.news(), stop.clone()));
        let courier = Courier::new(parts.store.clone(), parts.world.clone());
        server.tasks.spawn(courier.run(stop.clone()));
        server.tasks.spawn(async move { parts.mailbox.look_around().await });
        server.tasks.spawn(edge::serve(agents, Door::Agents(tls), protocol, stop.clone()));
        server.tasks.spawn(edge::serve(people, Door::People, pages, stop));
        Ok(server)
    }

    /// Stops: answers what is in flight and writes down what is only in memory.
    pub async fn stop(mut self) {
        self.stop.tell();
        while let Some(ended) = self.tasks.join_next().await {
            if let Err(error) = ended {
                tracing::error!(%error, "a part of the server had failed");
            }
        }
        self.ingest.finish().await;
        self.parts.sightings.flush().await;
        let store = self.parts.store.clone();
        drop(self);
        close(store).await;
    }
}

/// Lets go of the store on a thread that may wait: the last one to do so closes the connections to the database.
async fn close(store: Store) {
    blocking(move || drop(store)).await;
}

impl Parts {
    fn open(config: &Config, world: World, stop: Stop) -> Result<Self, StartError> {
        let at = enamel_store::Config { data: config.data.clone(), database: config.database.clone() };
        let mut fill = world.fill;
        let store = Store::open(&at, world.now(), &mut fill)?;
        let authority = Arc::new(Authority::kept_in(&store, &world)?);
        let roster = Arc::new(Roster::new(store.clone(), world.clone()));
        let breaker = Arc::new(Breaker::default());
        let mailbox = Arc::new(Mailbox::new(store.clone(), world.clone(), breaker.clone(), stop));
        let sightings = Arc::new(Sightings::new(store.clone(), world.clone()));
        Ok(Self { store, world, authority, roster, mailbox, sightings, breaker })
    }
}

/// What people and programs reach, behind the guard.
fn pages(access: &Access, parts: &Parts, evidence: &Evidence, agents_port: u16) -> Router {
    let api = Api::new(access.clone(), parts, evidence.clone()).router();
    let console = Console::new(access.clone(), evidence, api.clone(), agents_port);
    let guard = axum::middleware::from_fn_with_state(access.address().clone(), guard::guard);
    Router::new()
        .merge(access::routes::routes(access.clone()))
        .merge(api)
        .merge(console::router(console))
        .layer(guard)
}

/// Forgets sessions that have ended. That they count for nothing does not depend on it.
async fn forget_ended(access: Access, mut stop: Stop) {
    let mut hourly = tokio::time::interval(Duration::from_hours(1));
    while !stop.is_told() {
        tokio::select! {
            _ = hourly.tick() => {}
            () = stop.told() => return,
        }
        let access = access.clone();
        if let Err(error) = blocking(move || access.forget_ended()).await {
            tracing::error!(error = &error as &dyn std::error::Error, "ended sessions were not forgotten");
        }
    }
}

async fn listen(who: &'static str, address: SocketAddr) -> Result<TcpListener, StartError> {
    TcpListener::bind(address).await.map_err(|source| StartError::Listen { who, address, source })
}

fn address(listener: &TcpListener, who: &'static str, asked: SocketAddr) -> Result<SocketAddr, StartError> {
    listener.local_addr().map_err(|source| StartError::Listen { who, address: asked, source })
}

/// `/livez` says that the process answers; `/healthz` that it can do its work.
fn health(store: &Store, stop: &Stop) -> Router {
    let (store, stop) = (store.clone(), stop.clone());
    let ready = move || async move {
        let reads = blocking(move || {
            let scope = Scope::System(Purpose::Housekeeping);
            store.read(&scope, |tx| settings::get::<serde_json::Value>(tx, "health")).map(drop)
        });
        let reads: Result<(), StoreError> = reads.await;
        match (reads, stop.is_told()) {
            (Ok(()), false) => (StatusCode::OK, "ready\n"),
            (Ok(()), true) => (StatusCode::SERVICE_UNAVAILABLE, "stopping\n"),
            (Err(error), _) => {
                tracing::error!(error = &error as &dyn std::error::Error, "the store cannot be read");
                (StatusCode::SERVICE_UNAVAILABLE, "the store cannot be read; see the log\n")
            }
        }
    };
    Router::new().route("/livez", get(|| async { "alive\n" })).route("/healthz", get(ready))
}
