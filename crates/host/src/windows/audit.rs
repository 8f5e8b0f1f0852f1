//! The effective audit policy.
#![allow(unsafe_code, reason = "advapi32 is called, and what it allocates is read")]

use enamel_types::config_state::Value;
use windows_sys::Win32::Security::Authentication::Identity::{
    AUDIT_POLICY_INFORMATION, AuditFree, AuditQuerySystemPolicy,
};
use windows_sys::core::GUID;

use super::memory::last_reason;
use crate::{Answer, HostError};

/// `POLICY_AUDIT_EVENT_SUCCESS` and `…_FAILURE`.
const SUCCESS: u32 = 1;
const FAILURE: u32 = 2;

pub(super) fn subcategory(text: &str) -> Result<Answer, HostError> {
    let what = || format!("audit policy {text}");
    let guid = parse(text).ok_or_else(|| HostError::new(what(), "it is not a GUID in braces"))?;
    let mut policy: *mut AUDIT_POLICY_INFORMATION = std::ptr::null_mut();
    // SAFETY: one GUID is passed; the out-pointer receives one entry.
    let found = unsafe { AuditQuerySystemPolicy(&raw const guid, 1, &raw mut policy) };
    if !found || policy.is_null() {
        return Err(HostError::new(what(), last_reason()));
    }
    // SAFETY: the call succeeded, so one entry is there.
    let bits = unsafe { (*policy).AuditingInformation };
    // SAFETY: the entry came from AuditQuerySystemPolicy and is not used again.
    unsafe { AuditFree(policy.cast()) };
    let words = match bits & (SUCCESS | FAILURE) {
        0 => "No Auditing",
        SUCCESS => "Success",
        FAILURE => "Failure",
        _ => "Success and Failure",
    };
    Ok(vec![(String::new(), Value::Text(words.to_owned()))])
}

/// `{0CCE9215-69AE-11D9-BED3-505054503030}`.
fn parse(text: &str) -> Option<GUID> {
    let inner = text.strip_prefix('{')?.strip_suffix('}')?;
    let lengths = inner.split('-').map(str::len);
    if !lengths.eq([8, 4, 4, 4, 12]) {
        return None;
    }
    u128::from_str_radix(&inner.replace('-', ""), 16).ok().map(GUID::from_u128)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn guids() {
        assert_eq!(parse("{0CCE9215-69AE-11D9-BED3-505054503030}").map(|guid| guid.data1), Some(0x0CCE_9215));
        assert!(parse("0CCE9215-69AE-11D9-BED3-505054503030").is_none());
        assert!(parse("{0CCE921569AE11D9BED3505054503030}").is_none());
    }
}
