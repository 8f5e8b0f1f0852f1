//! The sample's findings, one of each class and severity.

use enamel_types::{Finding, FindingClass, FindingEntry, FindingId, Fix, Minutes, Severity, Standing};

use super::{control_id, device, observation, rule, time};

/// A finding as the judges make them.
#[allow(clippy::too_many_arguments)] // one line of the sample's table each
fn finding(
    rule_name: &str,
    n: u8,
    subject: &str,
    class: FindingClass,
    severity: Severity,
    title: &str,
    why: &str,
    seen: &str,
    fix: (&str, u32),
    controls: &[&str],
) -> FindingEntry {
    FindingEntry {
        finding: Finding {
            id: FindingId::derive(device(n), &rule(rule_name), subject),
            rule: rule(rule_name),
            device: device(n),
            subject: subject.to_owned(),
            class,
            severity,
            persons: None,
            title: title.to_owned(),
            why: why.to_owned(),
            seen: seen.to_owned(),
            fix: Fix { action: fix.0.to_owned(), how: fix.0.to_owned(), minutes: Minutes(fix.1) },
            controls: controls.iter().map(|name| control_id(name)).collect(),
            observation: observation(n + 4),
        },
        first_seen: time("2026-09-02T10:00:00Z"),
        last_seen: time("2026-11-24T13:50:00Z"),
        standing: Standing::Open,
        resolved_at: None,
    }
}

#[allow(clippy::too_many_lines)] // a table, one entry after the other
pub(super) fn findings() -> Vec<FindingEntry> {
    use FindingClass::{Compliance, DataSecurity, Vulnerability};
    let smb = (
        "1. Open PowerShell as administrator.\n2. Run Disable-WindowsOptionalFeature -Online -FeatureName SMB1Protocol.\n3. Restart the computer when no patient is in the chair.",
        10,
    );
    let smb_why = "SMB1 is the file sharing that WannaCry spread through. A computer that still speaks it can be taken over from any other computer in the office.";
    let rdp = (
        "1. Close port 3389 in the firewall.\n2. Let the IT provider come in through its own tool with a second proof of identity.\n3. Ask for the reason in writing if somebody needs it open.",
        45,
    );
    let mut all = vec![
        finding(
            "W09",
            1,
            "",
            Compliance,
            Severity::Critical,
            "Remote Desktop is open without a second proof of identity",
            "Remote Desktop is the door most ransomware gangs come through. A stolen or guessed password is enough to sit at the server.",
            r"fDenyTSConnections = 0 and UserAuthentication = 0 in HKLM\SYSTEM\CurrentControlSet\Control\Terminal Server",
            rdp,
            &["164.312(d)", "164.312(a)(1)"],
        ),
        finding(
            "W03",
            3,
            "",
            Compliance,
            Severity::High,
            "The old file sharing SMB1 is switched on",
            smb_why,
            r"SMB1 = 1 in HKLM\SYSTEM\CurrentControlSet\Services\LanmanServer\Parameters",
            smb,
            &["164.308(a)(5)(ii)(B)"],
        ),
        finding(
            "W03",
            4,
            "",
            Compliance,
            Severity::High,
            "The old file sharing SMB1 is switched on",
            smb_why,
            r"SMB1 = 1 in HKLM\SYSTEM\CurrentControlSet\Services\LanmanServer\Parameters",
            smb,
            &["164.308(a)(5)(ii)(B)"],
        ),
        finding(
            "secret.clear",
            1,
            r"C:\Program Files (x86)\Open Dental\FreeDentalConfig.xml",
            DataSecurity,
            Severity::High,
            "The database password of Open Dental stands in clear text in a file that everybody can read",
            "Whoever can read this file can read every chart, without a trace in the program's own log.",
            "the element <Password> holds a value; Users may read the file",
            (
                "Give the middle tier its own account, and let only administrators and the service read the file.",
                40,
            ),
            &["164.312(a)(1)"],
        ),
        finding(
            "phi.folder",
            2,
            r"C:\Users\frontdesk\Downloads",
            DataSecurity,
            Severity::High,
            "Patient data lies in a folder that other accounts can read",
            "Exports for a payer are forgotten here. They leave with the computer when it is stolen or sold.",
            "312 people in 4 files; 3 CSV, 1 X12 837",
            ("Move the files to the server, then delete them here and empty the recycle bin.", 20),
            &["164.312(a)(1)", "164.310(d)(1)"],
        ),
        finding(
            "os.eol",
            4,
            "windows 7",
            Vulnerability,
            Severity::High,
            "Windows 7 gets no security updates any more",
            "Every weakness found since January 2020 stays open on this computer for good.",
            "Windows 7 Professional; support ended on 14 January 2020",
            (
                "Ask the x-ray maker for a supported version. Until then, cut this computer off from the internet and from mail.",
                180,
            ),
            &["164.308(a)(5)(ii)(B)"],
        ),
        finding(
            "W12",
            2,
            "",
            Compliance,
            Severity::Medium,
            "The screen does not lock by itself",
            "A patient at the counter can read what stands on the screen when nobody sits there.",
            "no time-out is set",
            ("Set the lock after 10 minutes by policy.", 5),
            &["164.312(a)(2)(iii)"],
        ),
        finding(
            "W12",
            3,
            "",
            Compliance,
            Severity::Medium,
            "The screen does not lock by itself",
            "A patient at the counter can read what stands on the screen when nobody sits there.",
            "no time-out is set",
            ("Set the lock after 10 minutes by policy.", 5),
            &["164.312(a)(2)(iii)"],
        ),
        finding(
            "W33",
            3,
            r"C:\",
            Compliance,
            Severity::Medium,
            "The disk is not encrypted",
            "Who takes the computer takes the files. With encryption a stolen computer is not a breach.",
            "BitLocker protection is off on C:",
            ("1. Save the recovery key in two places.\n2. Switch on BitLocker.", 30),
            &["164.312(a)(2)(iv)"],
        ),
        finding(
            "W51",
            2,
            "",
            Compliance,
            Severity::Low,
            "PowerShell keeps no record of what it ran",
            "After an incident nobody can say what was done.",
            "EnableScriptBlockLogging is not set",
            ("Set it by policy.", 5),
            &["164.312(b)"],
        ),
    ];
    let mut gone = finding(
        "W20",
        2,
        "",
        Compliance,
        Severity::High,
        "Antivirus was switched off",
        "It stops what everybody knows.",
        "Defender is on",
        ("Switch it on.", 5),
        &["164.308(a)(5)(ii)(B)"],
    );
    gone.standing = Standing::Resolved;
    gone.resolved_at = Some(time("2026-11-03T09:00:00Z"));
    gone.last_seen = time("2026-10-30T09:00:00Z");
    let mut stale = finding(
        "W41",
        3,
        "",
        Compliance,
        Severity::Low,
        "Guests can open a share",
        "Anybody on the Wi-Fi can look in.",
        "RestrictNullSessAccess = 0",
        ("Switch it off.", 5),
        &["164.312(a)(1)"],
    );
    stale.standing = Standing::Stale;
    stale.first_seen = time("2026-03-02T09:00:00Z");
    stale.last_seen = time("2026-07-01T09:00:00Z");
    all.extend([gone, stale]);
    all
}
