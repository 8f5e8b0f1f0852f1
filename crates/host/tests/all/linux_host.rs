//! `LinuxHost` on the computer that the tests run on, and on trees made for the purpose.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use enamel_host::{Host, LinuxHost, Program, RegistryValue, SystemQuery};
use enamel_testkit::conformance::{Known, check};
use enamel_types::config_state::Value;
use enamel_types::device::{DeviceRole, OsFamily};
use enamel_types::software::PackageSource;

/// A computer below a temporary folder.
struct Tree(tempfile::TempDir);

impl Tree {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
            .file("etc/os-release", "ID=debian\nVERSION_ID=12\nPRETTY_NAME=\"Debian 12\"\n")
    }

    fn file(self, path: &str, content: &str) -> Self {
        let path = self.0.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
        self
    }

    fn link(self, path: &str, target: &str) -> Self {
        let path = self.0.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        symlink(target, path).unwrap();
        self
    }

    fn mode(self, path: &str, mode: u32) -> Self {
        fs::set_permissions(self.0.path().join(path), fs::Permissions::from_mode(mode)).unwrap();
        self
    }

    fn host(&self) -> LinuxHost {
        LinuxHost::rooted(self.0.path())
    }
}

#[test]
fn this_computer_passes_the_suite() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("known.txt"), "text").unwrap();
    fs::create_dir(folder.path().join("below")).unwrap();
    let known = Known {
        folder: folder.path().to_path_buf(),
        file: folder.path().join("known.txt"),
        registry_key: None,
    };
    check(&LinuxHost::new(), &known);
}

#[test]
fn a_rooted_tree_passes_the_suite() {
    let tree = Tree::new().file("srv/known.txt", "text").file("srv/below/x", "");
    check(&tree.host(), &Known { folder: "/srv".into(), file: "/srv/known.txt".into(), registry_key: None });
}

#[test]
fn this_computer_is_seen_quickly() {
    let host = LinuxHost::new();
    let begun = Instant::now();
    let (inventory, _) = host.inventory().unwrap();
    let (packages, _) = host.packages().unwrap();
    host.services().unwrap();
    let taken = begun.elapsed();
    assert_eq!(inventory.os.family, OsFamily::Linux);
    assert!(inventory.hardware.cores > 0 && inventory.hardware.memory_bytes > 0, "{:?}", inventory.hardware);
    assert!(inventory.users.iter().any(|user| user.uid == "0" && user.admin));
    assert!(taken < Duration::from_millis(500), "{taken:?} for {} packages", packages.len());
}

#[test]
fn a_listening_socket_is_seen_with_its_program() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let (inventory, _) = LinuxHost::new().inventory().unwrap();
    let socket =
        inventory.listening.iter().find(|socket| socket.port == port && socket.protocol == "tcp").unwrap();
    assert_eq!(socket.address, "127.0.0.1");
    assert!(
        socket.process.as_deref().is_some_and(|name| !name.is_empty()),
        "one's own socket is seen by anybody"
    );
}

#[test]
fn links_of_a_rooted_host_stay_inside() {
    let tree = Tree::new()
        .file("usr/lib/real", "inside")
        .link("etc/absolute", "/usr/lib/real")
        .link("etc/upwards", "../../../../../../usr/lib/real")
        .link("etc/outside", "/proc/self/environ")
        .link("etc/circle", "circle")
        .link("etc/folder", "/usr/lib");
    let host = tree.host();
    for path in ["/etc/absolute", "/etc/upwards", "/etc/folder/real", "/etc/../usr/lib/real", "etc/absolute"]
    {
        assert_eq!(host.read_file(Path::new(path), 99).unwrap().as_deref(), Some(&b"inside"[..]), "{path}");
    }
    assert_eq!(host.read_file(Path::new("/etc/outside"), 99).unwrap(), None);
    let error = host.read_file(Path::new("/etc/circle"), 99).unwrap_err();
    assert!(error.why.contains("circle"), "{error}");
    assert!(LinuxHost::new().metadata(&tree.0.path().join("etc/circle")).is_err());
}

#[test]
fn a_pipe_is_not_waited_for_and_a_strange_name_breaks_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let pipe = folder.path().join("pipe");
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let host = LinuxHost::new();
    assert!(host.read_file(&pipe, 10).unwrap_err().why.contains("regular"));
    let strange = folder.path().join(OsStr::from_bytes(b"x\xff.txt"));
    fs::write(&strange, "content").unwrap();
    assert_eq!(host.list_dir(folder.path()).unwrap().unwrap(), [pipe, strange.clone()]);
    assert_eq!(host.read_file(&strange, 3).unwrap().unwrap(), b"con");
    let nul = Path::new(OsStr::from_bytes(b"/etc/\0"));
    assert!(host.metadata(nul).is_err());
}

#[test]
fn a_sparse_file_of_ten_gigabytes_is_read_to_the_limit() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("sparse");
    fs::File::create(&path).unwrap().set_len(10 << 30).unwrap();
    let host = LinuxHost::new();
    assert_eq!(host.metadata(&path).unwrap().unwrap().size, 10 << 30);
    assert_eq!(host.read_file(&path, 4096).unwrap().unwrap().len(), 4096);
}

#[test]
fn who_can_read_a_file() {
    let tree = Tree::new()
        .file("srv/open/a", "x")
        .file("srv/closed/a", "x")
        .file("srv/open/own", "x")
        .mode("srv/closed", 0o700)
        .mode("srv/open/own", 0o600)
        .mode("srv/open/a", 0o644)
        .mode("srv/closed/a", 0o644)
        .mode("srv/open", 0o755)
        .mode("srv", 0o755);
    let readable =
        |path: &str| tree.host().metadata(Path::new(path)).unwrap().unwrap().readable_by_others.unwrap();
    assert!(readable("/srv/open/a"));
    assert!(!readable("/srv/open/own"));
    assert!(!readable("/srv/closed/a"), "a closed folder closes what is in it");
}

#[test]
fn roles_by_what_is_on_the_disk() {
    let role = |tree: &Tree| tree.host().os().unwrap().role;
    assert_eq!(role(&Tree::new()), DeviceRole::Server);
    assert_eq!(role(&Tree::new().file("usr/sbin/lightdm", "")), DeviceRole::Workstation);
    let graphical =
        Tree::new().link("etc/systemd/system/default.target", "/lib/systemd/system/graphical.target");
    assert_eq!(role(&graphical), DeviceRole::Workstation);
    let text = Tree::new()
        .file("usr/sbin/lightdm", "")
        .link("etc/systemd/system/default.target", "/lib/systemd/system/multi-user.target");
    assert_eq!(role(&text), DeviceRole::Server, "what it starts into outranks what is installed");
    assert_eq!(role(&Tree::new().file(".dockerenv", "")), DeviceRole::Container);
    assert_eq!(role(&Tree::new().file("proc/1/cgroup", "0::/kubepods/x\n")), DeviceRole::Container);
    let empty = tempfile::tempdir().unwrap();
    assert!(LinuxHost::rooted(empty.path()).os().unwrap_err().what.contains("os-release"));
}

#[test]
fn services_from_unit_files() {
    let tree = Tree::new()
        .file("usr/lib/systemd/system/ssh.service", "[Service]\nExecStart=/usr/sbin/sshd -D\n")
        .file("usr/lib/systemd/system/cups.service", "[Service]\nExecStart=-/usr/sbin/cupsd\n")
        .file("usr/lib/systemd/system/getty@.service", "[Service]\nExecStart=/sbin/agetty\n")
        .file("usr/lib/systemd/system/idle.service", "[Service]\nExecStart=/usr/bin/python3 /x.py\n")
        .file("usr/lib/systemd/system/debug.service", "")
        .link("etc/systemd/system/multi-user.target.wants/ssh.service", "/usr/lib/systemd/system/ssh.service")
        .link("etc/systemd/system/sshd.service", "/usr/lib/systemd/system/ssh.service")
        .link("etc/systemd/system/sockets.target.wants/cups.socket", "/usr/lib/systemd/system/cups.socket")
        .link(
            "etc/systemd/system/getty.target.wants/getty@tty1.service",
            "/usr/lib/systemd/system/getty@.service",
        )
        .link("etc/systemd/system/rescue.target.wants/debug.service", "/usr/lib/systemd/system/debug.service")
        .link("etc/systemd/system/masked.service", "/dev/null")
        .file("etc/init.d/oldd", "")
        .link("etc/rc3.d/S20oldd", "../init.d/oldd")
        .file("proc/1/comm", "tini\n")
        .link("proc/7/exe", "/usr/sbin/sshd")
        .link("proc/8/exe", "/usr/bin/python3");
    let seen: Vec<_> = tree
        .host()
        .services()
        .unwrap()
        .into_iter()
        .map(|service| (service.name, service.running, service.autostart == Some(true)))
        .collect();
    let expected = [
        ("cups", false, true),
        ("debug", false, false),
        ("getty@tty1", false, true),
        ("idle", false, false),
        ("masked", false, false),
        ("oldd", false, true),
        ("ssh", true, true),
    ];
    assert_eq!(seen, expected.map(|(name, running, starts)| (name.to_owned(), running, starts)));
    let systemd = Tree::new()
        .file("proc/1/comm", "systemd\n")
        .file("proc/9/cgroup", "0::/system.slice/cron.service\n")
        .file("usr/lib/systemd/system/cron.service", "");
    let services = systemd.host().services().unwrap();
    assert_eq!(
        services.iter().map(|service| (service.name.as_str(), service.running)).next(),
        Some(("cron", true))
    );
}

#[test]
fn an_encrypted_volume_is_seen_through_what_it_lies_on() {
    let mounts = "27 1 253:1 / / rw - ext4 /dev/mapper/vg-root rw\n\
        28 27 8:1 / /boot rw - ext4 /dev/sda1 rw\n\
        29 27 253:1 /srv /srv/bind rw - ext4 /dev/mapper/vg-root rw\n\
        30 27 0:40 / /mnt/nas rw - nfs4 nas:/scans rw\n\
        31 27 9:5 / /half rw - ext4 /dev/md5 rw\n";
    let tree = Tree::new()
        .file("proc/self/mountinfo", mounts)
        .file("sys/class/block/dm-1/dm/uuid", "LVM-abc")
        .file("sys/class/block/dm-1/slaves/dm-0/x", "")
        .file("sys/class/block/dm-0/dm/uuid", "CRYPT-LUKS2-abc")
        .file("sys/class/block/sda/sda1/partition", "1")
        .file("sys/class/block/sda/size", "1")
        .link("sys/dev/block/8:1", "../../class/block/sda/sda1")
        .link("sys/dev/block/253:1", "../../class/block/dm-1")
        .file("sys/class/block/md5/slaves/dm-0/x", "")
        .file("sys/class/block/md5/slaves/sdb/x", "")
        .file("sys/class/block/sdb/size", "1")
        .link("sys/dev/block/9:5", "../../class/block/md5");
    let (inventory, _) = tree.host().inventory().unwrap();
    let seen: Vec<_> =
        inventory.hardware.volumes.iter().map(|volume| (volume.mount.as_str(), volume.encrypted)).collect();
    let expected = [("/", Some(true)), ("/boot", Some(false)), ("/half", Some(false)), ("/mnt/nas", None)];
    assert_eq!(seen, expected, "half an encrypted mirror is not encrypted; a bind mount is no second volume");
}

#[test]
fn shares_and_those_that_are_too_open() {
    let tree = Tree::new()
        .file("etc/samba/smb.conf", "[global]\n[scans]\npath=/srv/scans\nguest ok=yes\nread only=no\n")
        .file("etc/exports", "/srv/xrays 10.0.0.0/24(rw,no_root_squash)\n")
        .file("srv/scans/a", "")
        .file("srv/xrays/a", "")
        .mode("srv/scans", 0o777)
        .mode("srv/xrays", 0o1777);
    let (inventory, gaps) = tree.host().inventory().unwrap();
    let names: Vec<_> = inventory.shares.iter().map(|share| (share.name.as_str(), share.guest)).collect();
    assert_eq!(names, [("scans", Some(true)), ("nfs:/srv/xrays", Some(false))], "{gaps:?}");
    let answer = tree.host().query(&SystemQuery::ShareAccess).unwrap().unwrap();
    let shares: Vec<_> = answer.iter().map(|(share, _)| share.as_str()).collect();
    assert_eq!(shares, ["scans", "scans", "nfs:/srv/xrays"], "{answer:?}");
    let hidden = tree.file("etc/samba/smb.conf", "[global]\ninclude = /etc/samba/more.conf\n");
    assert!(hidden.host().query(&SystemQuery::ShareAccess).is_err(), "what was not seen is not well");
    let (_, gaps) = hidden.host().inventory().unwrap();
    let hides: Vec<_> = gaps.iter().filter(|gap| gap.hides_folders()).collect();
    assert!(hides.len() == 1 && hides[0].what.contains("smb.conf"), "{gaps:?}");
    assert_eq!(Tree::new().host().query(&SystemQuery::ShareAccess).unwrap(), Some(Vec::new()));
}

#[test]
fn packages_programs_and_kernel_settings() {
    let status = "Package: openssl\nStatus: install ok installed\nVersion: 3.0.11-1\nArchitecture: amd64\n";
    let tree = Tree::new()
        .file("var/lib/dpkg/status", status)
        .file("var/lib/dpkg/status.d/base", "Package: base-files\nVersion: 12\nArchitecture: all\n")
        .file("proc/sys/net/ipv4/ip_forward", "1\n")
        .file("proc/sys/kernel/core_pattern", "|/usr/bin/x\n");
    let host = tree.host();
    let (packages, gaps) = host.packages().unwrap();
    let names: Vec<_> = packages.iter().map(|package| (package.name.as_str(), package.source)).collect();
    assert_eq!(names, [("base-files", PackageSource::Dpkg), ("openssl", PackageSource::Dpkg)], "{gaps:?}");
    let purl = packages[1].purl.as_deref();
    assert_eq!(purl, Some("pkg:deb/debian/openssl@3.0.11-1?arch=amd64&distro=debian-12"));
    let rocky = Tree::new().file("etc/os-release", "ID=rocky\nVERSION_ID=9.4\nNAME=\"Rocky Linux\"\n");
    let (none, gaps) = rocky.host().packages().unwrap();
    assert!(none.is_empty() && gaps.len() == 1, "an unknown package database is no empty one");
    assert_eq!(rocky.host().os().unwrap().product, "rocky-linux", "endoflife.date's name");
    assert_eq!(host.run(Program::Timedatectl).unwrap(), None, "another system's disk has no programs to run");
    let sysctl = |name: &str| host.query(&SystemQuery::Sysctl { name: name.to_owned() });
    assert_eq!(sysctl("net.ipv4.ip_forward").unwrap(), Some(vec![(String::new(), Value::Int(1))]));
    let pattern = Value::Text("|/usr/bin/x".to_owned());
    assert_eq!(sysctl("kernel.core_pattern").unwrap(), Some(vec![(String::new(), pattern)]));
    for bad in ["../../etc/passwd", "net..ipv4", "", "a b"] {
        assert!(sysctl(bad).is_err(), "{bad:?}");
    }
    let nothing: Option<RegistryValue> = host.registry_value(r"HKLM\SOFTWARE", "x").unwrap();
    assert_eq!(nothing, None, "Linux has no registry");
}

#[test]
fn what_an_ordinary_account_cannot_see_is_named() {
    let tree = Tree::new()
        .file("etc/passwd", "root:x:0:0::/root:/bin/bash\n")
        .file("etc/shadow", "root:*:1::\n")
        .mode("etc/shadow", 0o000);
    // Root reads everything: there is nothing to see then.
    if fs::read(tree.0.path().join("etc/shadow")).is_ok() {
        return;
    }
    let (_, gaps) = tree.host().inventory().unwrap();
    assert!(gaps.iter().any(|gap| gap.what == "/etc/shadow" && gap.why.contains("root")), "{gaps:?}");
    assert!(tree.host().read_file(&PathBuf::from("/etc/shadow"), 9).is_err());
}
