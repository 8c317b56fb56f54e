/* What the child that runs WeasyPrint may do: compute, read fonts and Python, write into its own folder. The kernel holds it to
 * that: Landlock for files, a system call filter for sockets, limits for time and memory. */
#include "report/report.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/landlock.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { CPU_SECONDS = 200 };
#define MEMORY ((rlim_t)3 << 30)
#define FILE_BYTES ((rlim_t)64 << 20)

#if defined(__x86_64__)
#define ARCHITECTURE AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define ARCHITECTURE AUDIT_ARCH_AARCH64
#endif

static bool limit(void)
{
    static const struct {
        __rlimit_resource_t what;
        rlim_t most;
    } limits[] = {
        {RLIMIT_CPU, CPU_SECONDS}, {RLIMIT_FSIZE, FILE_BYTES}, {RLIMIT_NOFILE, 128}, {RLIMIT_CORE, 0}, {RLIMIT_AS, MEMORY}};
    for (size_t i = 0; i < sizeof limits / sizeof *limits; i++)
        if (setrlimit(limits[i].what, &(struct rlimit){limits[i].most, limits[i].most}) != 0)
            return false;
    return true;
}

/* No socket of any kind: EACCES. Programs of another architecture's system calls end at once. */
static bool cut_network(void)
{
#ifdef ARCHITECTURE
    struct sock_filter program[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, arch)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ARCHITECTURE, 1, 0),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, __NR_socket, 2, 0),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, __NR_io_uring_setup, 1, 0),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, __NR_ptrace, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EACCES),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    struct sock_fprog all = {.len = sizeof program / sizeof *program, .filter = program};
    return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &all) == 0;
#else
    return false;
#endif
}

#define READ (LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR | LANDLOCK_ACCESS_FS_EXECUTE)
#define ALL ((LANDLOCK_ACCESS_FS_MAKE_SYM << 1) - 1) /* what the first version of Landlock knows */

/* True also when there is no such path. */
static bool allow(int rules, const char *path, __u64 what)
{
    int fd = open(path, O_PATH | O_CLOEXEC);
    if (fd < 0)
        return errno == ENOENT;
    struct landlock_path_beneath_attr beneath = {.allowed_access = what, .parent_fd = fd};
    bool good = syscall(SYS_landlock_add_rule, rules, LANDLOCK_RULE_PATH_BENEATH, &beneath, 0) == 0;
    close(fd);
    return good;
}

/* A kernel without Landlock: nothing in the document can name a file, so this is the second fence, not the first. */
static bool cut_files(const char *folder)
{
    static const char *const readable[] = {"/usr", "/lib", "/lib64", "/etc/fonts", "/var/cache/fontconfig"};
    static const char *const files[] = {"/etc/ld.so.cache", "/dev/null", "/dev/urandom"};
    struct landlock_ruleset_attr handled = {.handled_access_fs = ALL};
    int rules = (int)syscall(SYS_landlock_create_ruleset, &handled, sizeof handled, 0);
    if (rules < 0)
        return errno == ENOSYS || errno == EOPNOTSUPP;
    bool good = allow(rules, folder, ALL);
    for (size_t i = 0; i < sizeof readable / sizeof *readable; i++)
        good &= allow(rules, readable[i], READ);
    for (size_t i = 0; i < sizeof files / sizeof *files; i++)
        good &= allow(rules, files[i], LANDLOCK_ACCESS_FS_READ_FILE);
    good = good && syscall(SYS_landlock_restrict_self, rules, 0) == 0;
    close(rules);
    return good;
}

bool report_enclose(const char *folder)
{
    return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 && cut_files(folder) && cut_network() && limit();
}
