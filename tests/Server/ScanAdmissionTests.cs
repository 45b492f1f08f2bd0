using Analytics.Server.Contracts;
using Analytics.Server.Endpoints;
using Xunit;

namespace Analytics.Tests.Server;

public class ScanAdmissionTests
{
    [Fact]
    public async Task EnterAsync_AllPlacesTaken_LargeScansWaitAndSmallOnesPass()
    {
        using var admission = new ScanAdmission(places: 1, maxHeldBytes: 100);

        Assert.True(await admission.EnterAsync(ScanAdmission.LargeRows, CancellationToken.None));
        var second = admission.EnterAsync(ScanAdmission.LargeRows, CancellationToken.None).AsTask();

        Assert.False(second.IsCompleted);
        Assert.False(await admission.EnterAsync(ScanAdmission.LargeRows - 1, CancellationToken.None));
        admission.Leave();
        Assert.True(await second);
    }

    [Fact]
    public async Task EnterAsync_TheCallerGoes_TakesNoPlace()
    {
        using var admission = new ScanAdmission(places: 1, maxHeldBytes: 100);
        using var gone = new CancellationTokenSource();
        await admission.EnterAsync(ScanAdmission.LargeRows, CancellationToken.None);
        var waiting = admission.EnterAsync(ScanAdmission.LargeRows, gone.Token).AsTask();

        await gone.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting);
        admission.Leave();
        Assert.True(await admission.EnterAsync(ScanAdmission.LargeRows, CancellationToken.None));
    }

    [Fact]
    public async Task EnterAsync_AnswersTakeTooMuch_IsBusyUntilTheyAreGone()
    {
        using var admission = new ScanAdmission(places: 1, maxHeldBytes: 100);
        admission.Hold(101);

        await Assert.ThrowsAsync<BusyException>(() => admission.EnterAsync(ScanAdmission.LargeRows, CancellationToken.None).AsTask());
        Assert.False(await admission.EnterAsync(1, CancellationToken.None));
        admission.Hold(-101);
        Assert.True(await admission.EnterAsync(ScanAdmission.LargeRows, CancellationToken.None));
    }
}
