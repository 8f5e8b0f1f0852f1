//! From evidence to what people see: each practice's view, figures, index and alerts, brought to its ledger's head.
//!
//! A reconciler looks at what is and at what should be, and never at how they came apart: evidence that came in, an agent that fell
//! silent, a day that ended, content that changed, a server that was down. So nothing has to be told twice, and all that it
//! writes can be thrown away. One server at a time does it. Judging is `enamel_assess`'s, the words are the console's.

mod alerts;
mod cause;
mod fold;
mod index;
mod needs;
mod state;

use std::collections::{HashMap, HashSet};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use enamel_assess::{Assessor, Content, Fresh, Rolls};
use enamel_ledger::{Entry, PracticeView};
use enamel_risk::SideBySide;
use enamel_store::commands::CommandState;
use enamel_store::index::PracticeStanding;
use enamel_store::tree;
use enamel_store::{Lead, Purpose, Scope, Store, StoreError, commands, settings};
use enamel_types::agent_event::AgentEvent;
use enamel_types::command::CommandReceipt;
use enamel_types::risk::RiskFigures;
use enamel_types::{AgentId, Body, PracticeId, PracticeProfile, Timestamp};
use jiff::SignedDuration;
use tokio::sync::watch;

pub use cause::{Cause, Need};

use crate::demo;
use crate::mailbox::Breaker;
use crate::metrics::{RECONCILE_FAILURES, RECONCILE_SECONDS};
use crate::stop::Stop;
use crate::{World, blocking};
use state::PracticeState;

/// After so long an agent is silent. It is heard of once a minute, and somebody is told within a quarter of an hour.
pub const SILENT_AFTER: SignedDuration = SignedDuration::from_mins(14);

/// How often it is looked whether something changed that no evidence tells of.
const LOOK_EVERY: Duration = Duration::from_secs(30);

/// A practice is not brought up to date more often than this while evidence keeps coming.
const PAUSE: Duration = Duration::from_secs(30);

/// A practice is looked at again after this long in any case: evidence grows old by itself.
const AT_LEAST_EVERY: SignedDuration = SignedDuration::from_hours(1);

/// The task's name among those that one server at a time does.
const TASK: &str = "reconcile";

/// Simulated years: a fifth of a report's, for a figure that is computed a thousand times a day.
const TRIALS: u32 = 20_000;

/// The same dice for everybody and every day, so that a figure moves only when what it rests on does.
const SEED: u64 = 1;

/// Points of a loss curve that are kept; more cannot be told apart on a page.
const CURVE_POINTS: usize = 240;

/// Longest text that an agent may give for people to read, characters.
const MAX_TEXT: usize = 500;

/// Brings practices up to date.
pub struct Reconciler {
    store: Store,
    world: World,
    content: Arc<Content>,
    /// Names version and content.
    judged_with: String,
    breaker: Arc<Breaker>,
    /// Before this nobody could be heard of.
    listening_since: Timestamp,
    /// Of a demo, when it was made: none of its agents exists, so that nobody is heard of after this.
    demo_of: Option<Timestamp>,
    /// Figures by practice, with what they were computed from.
    figures: Mutex<HashMap<PracticeId, (blake3::Hash, Arc<RiskFigures>)>>,
}

/// A practice as it stands.
pub(crate) struct Judged {
    /// Its view.
    pub(crate) view: PracticeView,
    /// What a year may cost.
    pub(crate) figures: Arc<RiskFigures>,
    /// Where its controls stand.
    pub(crate) controls: Vec<SideBySide>,
}

/// What new entries tell beside what they are evidence of.
#[derive(Default)]
struct News {
    receipts: Vec<(AgentId, CommandReceipt)>,
    dropped: Vec<(AgentId, u64, Timestamp)>,
}

impl Reconciler {
    /// `folder` is where `content` came from; `None` is what is built in.
    pub fn new(
        store: Store,
        world: World,
        content: Arc<Content>,
        folder: Option<&Path>,
        breaker: Arc<Breaker>,
    ) -> Self {
        let judged_with =
            format!("{}{}", env!("CARGO_PKG_VERSION"), folder.map(fingerprint).unwrap_or_default());
        let listening_since = world.now();
        let mark = store.read(&Scope::System(Purpose::Reconcile), |tx| settings::get(tx, demo::SETTING));
        let demo_of = mark.ok().flatten().map(|mark: demo::Mark| mark.made_at);
        Self {
            store,
            world,
            content,
            judged_with,
            breaker,
            listening_since,
            demo_of,
            figures: Mutex::default(),
        }
    }

    /// Runs until told to stop. `news` names practices that got evidence.
    pub async fn run(self: Arc<Self>, news: watch::Sender<HashSet<PracticeId>>, stop: Stop) {
        let mut lead = None;
        self.run_with(&mut lead, news, stop).await;
        // The lead is a connection to the database, and closing it may wait.
        blocking(move || drop(lead)).await;
    }

    async fn run_with(
        self: Arc<Self>,
        lead: &mut Option<Lead>,
        news: watch::Sender<HashSet<PracticeId>>,
        mut stop: Stop,
    ) {
        let mut came = news.subscribe();
        let mut tick = tokio::time::interval(Duration::from_secs(1));
        tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        let mut looked: Option<Instant> = None;
        let mut due: HashSet<PracticeId> = HashSet::new();
        let mut done: HashMap<PracticeId, Instant> = HashMap::new();
        let mut known: HashMap<PracticeId, blake3::Hash> = HashMap::new();
        while !stop.is_told() {
            tokio::select! {
                _ = tick.tick() => {}
                _ = came.changed() => {}
                () = stop.told() => return,
            }
            news.send_if_modified(|news| {
                due.extend(news.drain());
                false
            });
            if looked.is_none_or(|at| at.elapsed() >= LOOK_EVERY) {
                looked = Some(Instant::now());
                *lead = self.clone().lead(lead.take()).await;
                if lead.is_some() {
                    due.extend(self.clone().look(&mut known).await);
                }
            }
            if lead.is_none() {
                due.clear();
                continue;
            }
            let ready: Vec<PracticeId> = due
                .iter()
                .filter(|practice| done.get(*practice).is_none_or(|at| at.elapsed() >= PAUSE))
                .copied()
                .collect();
            for practice in ready {
                if stop.is_told() {
                    return;
                }
                due.remove(&practice);
                done.insert(practice, Instant::now());
                self.clone().try_practice(practice).await;
            }
        }
    }

    /// The lead that is held still, or one that came free.
    async fn lead(self: Arc<Self>, lead: Option<Lead>) -> Option<Lead> {
        blocking(move || {
            if let Some(mut lead) = lead
                && lead.holds()
            {
                return Some(lead);
            }
            self.store.try_lead(TASK).unwrap_or_else(|error| {
                tracing::warn!(
                    error = &error as &dyn std::error::Error,
                    "it is not known who brings practices up to date"
                );
                None
            })
        })
        .await
    }

    async fn try_practice(self: Arc<Self>, practice: PracticeId) {
        let started = Instant::now();
        let done = blocking(move || self.practice(practice)).await;
        metrics::histogram!(RECONCILE_SECONDS).record(started.elapsed());
        match done {
            // It was shredded meanwhile.
            Ok(()) | Err(StoreError::NotFound(_)) => {}
            Err(error) => {
                metrics::counter!(RECONCILE_FAILURES).increment(1);
                tracing::error!(%practice, error = &error as &dyn std::error::Error, "a practice could not be brought up to date");
            }
        }
    }

    /// Practices of which something changed that no news told of. `known` is what was seen the last time.
    async fn look(self: Arc<Self>, known: &mut HashMap<PracticeId, blake3::Hash>) -> Vec<PracticeId> {
        let before = std::mem::take(known);
        let looked = blocking(move || {
            let scope = Scope::System(Purpose::Reconcile);
            let now = self.world.now();
            self.store.write(&scope, |tx| commands::expire(tx, now).map(drop))?;
            let practices = self.store.read(&scope, tree::practice_ids)?;
            let mut due = Vec::new();
            let mut known = HashMap::new();
            for practice in practices {
                match self.has_changed(&scope, practice, before.get(&practice)) {
                    Ok((digest, changed)) => {
                        known.insert(practice, digest);
                        due.extend(changed.then_some(practice));
                    }
                    Err(StoreError::NotFound(_)) => {}
                    Err(error) => return Err(error),
                }
            }
            let mut figures = self.figures.lock().unwrap_or_else(PoisonError::into_inner);
            figures.retain(|practice, _| known.contains_key(practice));
            Ok((due, known))
        });
        match looked.await {
            Ok((due, now_known)) => {
                *known = now_known;
                due
            }
            Err(error) => {
                tracing::error!(
                    error = &error as &dyn std::error::Error,
                    "it could not be looked which practices changed"
                );
                Vec::new()
            }
        }
    }

    fn has_changed(
        &self,
        scope: &Scope,
        practice: PracticeId,
        before: Option<&blake3::Hash>,
    ) -> Result<(blake3::Hash, bool), StoreError> {
        let now = self.world.now();
        let (state, standing) = self.store.read(scope, |tx| {
            let state = PracticeState::read(tx, practice, &self.breaker, now)?;
            Ok::<_, StoreError>((state, enamel_store::index::practice(tx, practice)?))
        })?;
        let digest = self.digest(&state, now);
        let behind = |standing: &PracticeStanding| {
            let is_old = now.duration_since(standing.computed_at) >= AT_LEAST_EVERY;
            is_old || index::day(standing.computed_at) != index::day(now)
        };
        let changed = before != Some(&digest)
            || standing.as_ref().is_none_or(behind)
            || standing.is_none_or(|standing| {
                self.store.last_seq(scope, practice).is_ok_and(|last| last > standing.through_seq)
            });
        Ok((digest, changed))
    }

    /// Of a practice's state what its needs depend on.
    fn digest(&self, state: &PracticeState, now: Timestamp) -> blake3::Hash {
        let mut hasher = blake3::Hasher::new();
        hasher.update(format!("{:?}", state.practice).as_bytes());
        for agent in &state.agents {
            let silent = self.silent_since(agent.seen_at.unwrap_or(agent.enrolled_at), now).is_some();
            let about = (agent.id, &agent.name, silent, agent.cloned_at, agent.certificate_end);
            hasher.update(format!("{about:?}").as_bytes());
        }
        for command in &state.held {
            hasher.update(command.id.as_bytes());
        }
        hasher.update(&state.held_back.to_le_bytes());
        hasher.finalize()
    }

    /// Since when an agent is silent; `None` while it is not. A server that was down heard nobody, and says so of nobody.
    fn silent_since(&self, heard: Timestamp, now: Timestamp) -> Option<Timestamp> {
        let (could_be_heard, now) =
            self.demo_of.map_or((heard.max(self.listening_since), now), |made_at| (heard, now.min(made_at)));
        (now.duration_since(could_be_heard) > SILENT_AFTER).then_some(heard)
    }

    /// A practice's view at the head of its ledger, for who reads it in full; nothing is kept of it.
    pub(crate) fn view(
        &self,
        scope: &Scope,
        id: PracticeId,
    ) -> Result<(PracticeView, PracticeProfile), StoreError> {
        let profile = profile(&self.store.read(scope, |tx| tree::practice(tx, id))?);
        let assessor = Assessor { content: &self.content, profile: &profile };
        let judged_with = self.judged_with(&profile);
        let folded = fold::fold(&self.store, scope, id, assessor, &judged_with, |_| {})?;
        Ok((folded.view, profile))
    }

    /// A practice at the head of its ledger with everything that its page shows of it; nothing is kept.
    pub(crate) fn judged(&self, scope: &Scope, id: PracticeId) -> Result<Judged, StoreError> {
        let (view, profile) = self.view(scope, id)?;
        let now = self.world.now();
        let assessor = Assessor { content: &self.content, profile: &profile };
        let figures = self.figures(assessor, &view, &Fresh::of(&view, now), now);
        let controls = assessor.controls(&view, now);
        Ok(Judged { view, figures, controls })
    }

    fn judged_with(&self, profile: &PracticeProfile) -> String {
        format!("{} {}", self.judged_with, blake3::hash(format!("{profile:?}").as_bytes()))
    }

    /// Brings one practice up to date.
    pub fn practice(&self, id: PracticeId) -> Result<(), StoreError> {
        let scope = Scope::System(Purpose::Reconcile);
        let now = self.world.now();
        let (state, known) = self.store.read(&scope, |tx| {
            let state = PracticeState::read(tx, id, &self.breaker, now)?;
            Ok::<_, StoreError>((state, alerts::Known::read(tx, id, now)?))
        })?;
        let profile = profile(&state.practice);
        let assessor = Assessor { content: &self.content, profile: &profile };
        let judged_with = self.judged_with(&profile);
        let mut news = News::default();
        let folded = fold::fold(&self.store, &scope, id, assessor, &judged_with, |entry| news.hear(entry))?;
        let view = &folded.view;
        let fresh = Fresh::of(view, now);
        let figures = self.figures(assessor, view, &fresh, now);
        let controls = assessor.controls(view, now);
        let dropped = news.dropped_with(&known, &state, now);
        let silent = state
            .agents
            .iter()
            .filter_map(|agent| {
                let heard = agent.seen_at.unwrap_or(agent.enrolled_at);
                Some((agent.id, self.silent_since(heard, now)?))
            })
            .collect();
        let grounds = needs::Grounds {
            state: &state,
            view,
            fresh: &fresh,
            figures: &figures,
            controls: &controls,
            dropped: &dropped,
            silent: &silent,
            now,
        };
        let needs = needs::needs(&grounds);
        let index = index::index(&grounds, folded.through_seq, &needs);
        self.store.write(&scope, |tx| {
            for (agent, receipt) in &news.receipts {
                settle_command(tx, *agent, receipt, now)?;
            }
            enamel_store::index::put(tx, &index)?;
            alerts::settle(tx, id, &known, &needs, &self.world)
        })?;
        folded.keep(&self.store, &scope, judged_with)
    }

    /// Figures, computed anew only where what they rest on has changed.
    fn figures(
        &self,
        assessor: Assessor<'_>,
        view: &PracticeView,
        fresh: &Fresh<'_>,
        now: Timestamp,
    ) -> Arc<RiskFigures> {
        let mut hasher = blake3::Hasher::new();
        hasher.update(format!("{:?}", assessor.profile).as_bytes());
        for judgement in fresh.judgements() {
            let results = judgement.results.iter().map(|result| (&result.rule, result.outcome));
            let about = (judgement.device, &judgement.scope, judgement.persons, results.collect::<Vec<_>>());
            hasher.update(format!("{about:?}").as_bytes());
        }
        for finding in fresh.open_findings(view) {
            let about = (finding.id, finding.severity, finding.persons, finding.fix.minutes);
            hasher.update(format!("{about:?}").as_bytes());
        }
        let from = hasher.finalize();
        let practice = view.practice();
        let held = self.figures.lock().unwrap_or_else(PoisonError::into_inner).get(&practice).cloned();
        if let Some((_, figures)) = held.filter(|(held_from, _)| *held_from == from) {
            return figures;
        }
        let rolls = Rolls { trials: TRIALS, seed: SEED, threads: 1 };
        let mut figures = assessor.risk(view, now, rolls);
        // Of a thousand practices only what the index and a practice's page need stays in memory.
        let step = figures.total.curve.len().div_ceil(CURVE_POINTS).max(1);
        let mut place = 0;
        figures.total.curve.retain(|_| {
            place += 1;
            (place - 1) % step == 0
        });
        for scenario in &mut figures.scenarios {
            scenario.losses.curve.clear();
            scenario.factors.clear();
        }
        figures.assumptions.clear();
        figures.swings.clear();
        let figures = Arc::new(figures);
        let mut all = self.figures.lock().unwrap_or_else(PoisonError::into_inner);
        all.insert(practice, (from, figures.clone()));
        figures
    }
}

impl News {
    fn hear(&mut self, entry: &Entry) {
        let seen = &entry.observation;
        match &seen.body {
            Body::CommandReceipt(receipt) => self.receipts.push((seen.agent, receipt.clone())),
            Body::AgentEvent(AgentEvent::SpoolDropped { observations, .. }) => {
                self.dropped.push((seen.agent, *observations, entry.received_at));
            }
            _ => {}
        }
    }

    /// Evidence that was dropped lately: what the new entries say, and what somebody is being told of already.
    fn dropped_with(
        &self,
        known: &alerts::Known,
        state: &PracticeState,
        now: Timestamp,
    ) -> Vec<(Cause, Timestamp)> {
        let mut lost: HashMap<AgentId, (u64, Timestamp)> = HashMap::new();
        let open = known.dropped(now);
        let told = open.iter().filter_map(|(cause, at)| match cause {
            Cause::Dropped { agent, observations, .. } => Some((*agent, *observations, *at)),
            _ => None,
        });
        let new = self.dropped.iter().copied().filter(|(_, _, at)| alerts::is_recent(*at, now));
        for (agent, observations, at) in told.chain(new) {
            let (sum, latest) = lost.entry(agent).or_insert((0, at));
            *sum = sum.saturating_add(observations);
            *latest = (*latest).max(at);
        }
        let names = state.names();
        let mut dropped: Vec<_> = lost
            .into_iter()
            .filter_map(|(agent, (observations, at))| {
                let computer = (*names.get(&agent)?).to_owned();
                Some((Cause::Dropped { agent, computer, observations }, at))
            })
            .collect();
        dropped.sort_by_key(|(cause, _)| cause.key());
        dropped
    }
}

/// Writes down what an agent says became of a command of its own.
fn settle_command(
    tx: &mut enamel_store::WriteTx<'_>,
    agent: AgentId,
    receipt: &CommandReceipt,
    now: Timestamp,
) -> Result<(), StoreError> {
    match commands::get(tx, receipt.command) {
        Ok(command) if command.agent == agent => {
            let detail: String = receipt.detail.chars().take(MAX_TEXT).collect();
            let state = CommandState::from(receipt.outcome);
            commands::settle(tx, command.id, state, &detail, "the agent", now).map(drop)
        }
        Ok(_) | Err(StoreError::NotFound(_)) => Ok(()),
        Err(error) => Err(error),
    }
}

/// Names the content of a folder: with other content, everything is judged anew.
fn fingerprint(folder: &Path) -> String {
    let mut files = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        let Ok(entries) = std::fs::read_dir(&folder) else { continue };
        for path in entries.flatten().map(|entry| entry.path()) {
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "toml") {
                files.push(path);
            }
        }
    }
    files.sort();
    let mut hasher = blake3::Hasher::new();
    for path in files {
        hasher.update(path.as_os_str().as_encoded_bytes());
        hasher.update(&std::fs::read(&path).unwrap_or_default());
    }
    format!("+{}", hasher.finalize())
}

/// What a practice says about itself, under the name that the MSP gave it.
fn profile(practice: &tree::Practice) -> PracticeProfile {
    PracticeProfile { name: practice.name.clone(), ..practice.profile.clone() }
}
