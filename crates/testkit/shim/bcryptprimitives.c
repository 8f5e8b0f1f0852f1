/* A stand-in for bcryptprimitives.dll, which Rust's standard library imports and wine 8 does not have.
 *
 * For tests under wine only: it lies beside a test's .exe and is never shipped. Random bytes come from
 * SystemFunction036 (RtlGenRandom) of advapi32, the interface that came before ProcessPrng. */
#include <windows.h>

BOOLEAN NTAPI SystemFunction036(PVOID buffer, ULONG length);

__declspec(dllexport) BOOL WINAPI ProcessPrng(PBYTE data, SIZE_T length)
{
    while (length > 0) {
        ULONG part = length > 0x10000000 ? 0x10000000 : (ULONG)length;
        if (!SystemFunction036(data, part))
            return FALSE;
        data += part;
        length -= part;
    }
    return TRUE;
}
