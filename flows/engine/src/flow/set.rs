//! The flows at hand, with the old versions that runs are pinned to.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::model::Flow;

/// Names one version of a flow.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct FlowVersion {
    /// The flow's name.
    pub name: String,
    /// Its version.
    pub version: u32,
}

/// Flows by name and version. New runs begin with the current version; a run that is under way keeps its own.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct FlowSet {
    flows: BTreeMap<String, Versions>,
}

#[derive(Debug, Clone, PartialEq, Default)]
struct Versions {
    current: Option<u32>,
    all: BTreeMap<u32, Flow>,
}

impl FlowSet {
    /// No flows.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a version, or replaces it. With `current` it is the one new runs begin with.
    pub fn insert(&mut self, version: u32, flow: Flow, current: bool) {
        let versions = self.flows.entry(flow.name.clone()).or_default();
        if current {
            versions.current = Some(version);
        }
        versions.all.insert(version, flow);
    }

    /// The current version of a flow; none for an unknown flow, or one that has only old versions.
    pub fn current(&self, name: &str) -> Option<(&Flow, u32)> {
        self.flows.get(name).and_then(Versions::current)
    }

    /// A version of a flow.
    pub fn version(&self, version: &FlowVersion) -> Option<&Flow> {
        self.flows.get(&version.name)?.all.get(&version.version)
    }

    /// The current flows with their versions, in the order of their names.
    pub fn iter(&self) -> impl Iterator<Item = (&Flow, u32)> {
        self.flows.values().filter_map(Versions::current)
    }
}

impl Versions {
    fn current(&self) -> Option<(&Flow, u32)> {
        let version = self.current?;
        self.all.get(&version).map(|flow| (flow, version))
    }
}
