//! Answering from a recording.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use enamel_host::{Answer, FileMeta, Host, HostError, Program, ProgramOutput, RegistryValue, SystemQuery};
use enamel_types::device::{DeviceInventory, Hardware, OsFamily, OsInfo};
use enamel_types::software::{Package, Service};

use super::{RecordedFile, RecordedHost};

impl RecordedHost {
    fn check_readable(&self, what: &str) -> Result<(), HostError> {
        let comparable = self.comparable(what);
        for (unreadable, why) in &self.unreadable {
            let below = comparable
                .strip_prefix(unreadable.as_str())
                .is_some_and(|rest| rest.is_empty() || rest.starts_with(['\\', '/']));
            if below {
                return Err(HostError { what: what.to_owned(), why: why.clone() });
            }
        }
        Ok(())
    }

    fn entry(&self, name: &str) -> Option<&RecordedFile> {
        match self.os.family {
            OsFamily::Linux => self.files.get(name),
            OsFamily::Windows => {
                self.files.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, entry)| entry)
            }
        }
    }
}

impl Host for RecordedHost {
    fn os(&self) -> Result<OsInfo, HostError> {
        self.check_readable("os")?;
        Ok(self.os.clone())
    }

    fn inventory(&self) -> Result<(DeviceInventory, Vec<HostError>), HostError> {
        self.check_readable("inventory")?;
        let inventory = self.inventory.clone().unwrap_or_else(|| DeviceInventory {
            hostname: "recorded".to_owned(),
            os: self.os.clone(),
            hardware: Hardware::default(),
            users: Vec::new(),
            shares: Vec::new(),
            addresses: Vec::new(),
            listening: Vec::new(),
        });
        Ok((inventory, self.inventory_failures.clone()))
    }

    fn packages(&self) -> Result<(Vec<Package>, Vec<HostError>), HostError> {
        self.check_readable("packages")?;
        Ok((self.packages.clone(), Vec::new()))
    }

    fn services(&self) -> Result<Vec<Service>, HostError> {
        self.check_readable("services")?;
        Ok(self.services.clone())
    }

    fn metadata(&self, path: &Path) -> Result<Option<FileMeta>, HostError> {
        let name = self.path_name(path);
        self.check_readable(&name)?;
        if let Some(entry) = self.entry(&name) {
            return Ok(Some(entry.meta()));
        }
        let implied = !children(self.files.keys().map(String::as_str), &name, self.separator()).is_empty();
        Ok(implied.then(|| RecordedFile { folder: true, ..RecordedFile::default() }.meta()))
    }

    fn read_file(&self, path: &Path, limit: usize) -> Result<Option<Vec<u8>>, HostError> {
        match self.metadata(path)? {
            Some(meta) if meta.is_dir => {
                Err(HostError { what: path.display().to_string(), why: "it is a folder".to_owned() })
            }
            Some(_) => {
                let entry = self.entry(&self.path_name(path));
                Ok(entry.map(|entry| entry.content()[..entry.content().len().min(limit)].to_vec()))
            }
            None => Ok(None),
        }
    }

    fn list_dir(&self, path: &Path) -> Result<Option<Vec<PathBuf>>, HostError> {
        let Some(meta) = self.metadata(path)? else { return Ok(None) };
        let name = self.path_name(path);
        if !meta.is_dir {
            return Err(HostError { what: name, why: "it is not a folder".to_owned() });
        }
        let separator = self.separator();
        let children = children(self.files.keys().map(String::as_str), &name, separator);
        let base = name.trim_end_matches(separator);
        let mut listing: Vec<PathBuf> =
            children.iter().map(|child| PathBuf::from(format!("{base}{separator}{child}"))).collect();
        listing.sort_unstable();
        Ok(Some(listing))
    }

    fn registry_value(&self, key: &str, name: &str) -> Result<Option<RegistryValue>, HostError> {
        self.check_readable(&format!("{key}\\{name}"))?;
        let values = self.registry_values(key)?;
        Ok(values.and_then(|values| {
            values.into_iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value)
        }))
    }

    fn registry_values(&self, key: &str) -> Result<Option<Vec<(String, RegistryValue)>>, HostError> {
        self.check_readable(key)?;
        if let Some(values) = self.stored_key(key).and_then(|stored| self.registry.get(&stored)) {
            let mut values: Vec<_> =
                values.iter().map(|(name, value)| (name.clone(), value.clone())).collect();
            values.sort_by_cached_key(|(name, _)| name.to_lowercase());
            return Ok(Some(values));
        }
        Ok(self.registry_subkeys(key)?.map(|_| Vec::new()))
    }

    fn registry_subkeys(&self, key: &str) -> Result<Option<Vec<String>>, HostError> {
        self.check_readable(key)?;
        let key = key.trim_end_matches('\\');
        let children = children(self.registry.keys().map(String::as_str), key, '\\');
        if children.is_empty() && self.stored_key(key).is_none() {
            return Ok(None);
        }
        Ok(Some(children))
    }

    fn run(&self, program: Program) -> Result<Option<ProgramOutput>, HostError> {
        let name = serde_json::to_value(program).ok();
        self.check_readable(name.as_ref().and_then(|name| name.as_str()).unwrap_or_default())?;
        Ok(self.programs.get(&program).map(|output| ProgramOutput {
            success: output.success,
            stdout: output.stdout.clone(),
            stderr: output.stderr.clone(),
        }))
    }

    fn query(&self, query: &SystemQuery) -> Result<Option<Answer>, HostError> {
        let Some(recorded) = self.answers.iter().rev().find(|recorded| recorded.query == *query) else {
            return Ok(None);
        };
        match &recorded.unreadable {
            Some(why) => Err(HostError { what: format!("{query:?}"), why: why.clone() }),
            None => Ok(recorded.answer.clone()),
        }
    }
}

/// The names that `prefix` + separator is followed by, first component only.
fn children<'a>(names: impl Iterator<Item = &'a str>, prefix: &str, separator: char) -> Vec<String> {
    let fold = separator == '\\';
    let mut seen: BTreeMap<String, String> = BTreeMap::new();
    for name in names {
        let Some(head) = name.get(..prefix.len()) else { continue };
        let same = if fold { head.eq_ignore_ascii_case(prefix) } else { head == prefix };
        let rest = &name[prefix.len()..];
        let rest = if prefix.ends_with(separator) { Some(rest) } else { rest.strip_prefix(separator) };
        if let (true, Some(rest)) = (same, rest)
            && !rest.is_empty()
        {
            let child = rest.split(separator).next().unwrap_or(rest);
            let key = if fold { child.to_ascii_lowercase() } else { child.to_owned() };
            seen.entry(key).or_insert_with(|| child.to_owned());
        }
    }
    seen.into_values().collect()
}
