(** * Points off some rows, and the last point of a segment in some cones *)

From Coq Require Import Ring.
From Proved Require Import Numbers Fields Polytopes.

Section Segments.
Context {F : field}.
Add Ring ring_of_numbers : (is_ring F).

Declare Scope K_scope.
Delimit Scope K_scope with K.
Notation "a + b" := (add F a b) : K_scope.
Notation "a * b" := (mul F a b) : K_scope.
Notation "a - b" := (sub F a b) : K_scope.
Notation "- a" := (opp F a) : K_scope.
Notation "0" := (zero F) : K_scope.
Notation "1" := (one F) : K_scope.
Notation "/ a" := (inverse F a) : K_scope.
Open Scope K_scope.
Notation vector := (list (K F)).
Notation row := (vector -> K F).

(** ** Points off some rows *)

Section Points.
Variable n : nat.

Lemma near (rows : list row) y w : Forall (linear_on n) rows -> length y = n -> length w = n -> strictly rows y ->
  exists e, pos e /\ soon e (fun d => strictly rows (comb 1 y d w)).
Proof.
  intros hl hy hw hs. destruct (small (fun g : row => g y) (fun g => g w) rows hs) as [e [he h]]. exists e. split; [exact he|].
  intros d hd hd'. specialize (h d hd hd'). unfold strictly in *. rewrite Forall_forall in *. intros g hg.
  rewrite (hl g hg) by assumption. replace (1 * g y + d * g w) with (g y + d * g w) by ring. now apply h.
Qed.

Lemma perturbed (others : list row) (W : list vector) : Forall (linear_on n) others -> Forall (fun w => length w = n) W ->
  forall (rows : list row) y, Forall (linear_on n) rows -> length y = n -> strictly rows y ->
  exists y', length y' = n /\ strictly rows y' /\ forall f w, In f others -> In w W -> f w <> 0 -> f y' <> 0.
Proof.
  intros ho hW. induction ho as [|f others hf _ IH]; intros rows y hl hy hs; [now exists y|].
  assert (go : forall y1, length y1 = n -> strictly rows y1 -> f y1 <> 0 ->
    exists y', length y' = n /\ strictly rows y' /\ forall f0 w, In f0 (f :: others) -> In w W -> f0 w <> 0 -> f0 y' <> 0).
  { intros y1 hy1 hs1 hne. destruct (sign (f y1)) as [h|[h|h]]; [|easy|].
    - destruct (IH (f :: rows) y1) as [y' [h1 [h2 h3]]]; [now constructor|exact hy1|now constructor|].
      inversion h2 as [|? ? hp hr]; subst. exists y'. split; [exact h1|]. split; [exact hr|].
      intros f0 w [<-|h0] hw hfw; [apply hp | now apply (h3 f0 w)].
    - destruct (IH ((fun x => - f x) :: rows) y1) as [y' [h1 [h2 h3]]];
        [constructor; [now apply linear_neg | exact hl] | exact hy1 | now constructor |].
      inversion h2 as [|? ? hp hr]; subst. exists y'. split; [exact h1|]. split; [exact hr|].
      intros f0 w [<-|h0] hw hfw; [intros e; apply hp; rewrite e; ring | now apply (h3 f0 w)]. }
  destruct (decided F (f y)) as [e|e]; [|now apply (go y)].
  destruct (exists_or_all (fun w => f w <> 0) (fun w => f w = 0) W) as [h|h].
  { intros w. destruct (decided F (f w)); auto. }
  - apply Exists_exists in h. destruct h as [w [hw hfw]]. rewrite Forall_forall in hW. specialize (hW w hw).
    destruct (near rows y w hl hy hW hs) as [d [hd hn]]. apply (go (comb 1 y d w)).
    + rewrite length_comb; congruence.
    + apply hn; [exact hd|]. replace (d - d) with (0 : K F) by ring. apply nonneg_0.
    + rewrite hf, e by assumption. replace (1 * 0 + d * f w) with (d * f w) by ring. apply neq_mul; [apply hd | exact hfw].
  - destruct (IH rows y hl hy hs) as [y' [h1 [h2 h3]]]. exists y'. split; [exact h1|]. split; [exact h2|].
    intros f0 w [<-|h0] hw hfw; [|now apply (h3 f0 w)]. rewrite Forall_forall in h. now elim hfw; apply h.
Qed.

(** The sum of its vertices is inside of a polytope. *)
Lemma interior (rows : list row) V : polytope n rows V -> exists x : vector, length x = n /\ strictly rows x.
Proof.
  intros hP. assert (hlin := linear_rows _ _ _ hP). assert (hlen := lengths _ _ _ hP). assert (hin := vertices_inside _ _ _ hP).
  assert (hlive := all_live _ _ _ hP). clear hP.
  assert (hx : exists x, length x = n /\ forall f, linear_on n f -> f x = fold_right (fun v s => f v + s) 0 V).
  { clear -hlen. induction hlen as [|v V hv _ [x [hx hs]]].
    - exists (origin n). split; [apply repeat_length|]. intros f hf. now apply linear_origin.
    - exists (comb 1 v 1 x). split; [rewrite length_comb; congruence|]. intros f hf. rewrite hf, hs by assumption. simpl. ring. }
  destruct hx as [x [hx hs]]. exists x. split; [exact hx|]. unfold strictly. rewrite Forall_forall in *. intros g hg. rewrite (hs g (hlin g hg)).
  specialize (hlive g hg). assert (hn : Forall (fun v => nonneg (g v)) V).
  { apply Forall_forall. intros v hv. specialize (hin v hv). unfold in_cone in hin. rewrite Forall_forall in hin. now apply hin. }
  clear -hlive hn. assert (hs : forall V, Forall (fun v => nonneg (g v)) V -> nonneg (fold_right (fun v s => g v + s) 0 V)).
  { induction 1; simpl; [apply nonneg_0 | now apply nonneg_add]. }
  induction hlive as [v V hv|v V _ IH]; inversion hn; subst; simpl; [apply pos_add | apply pos_add_r]; auto. now split.
Qed.

End Points.

(** ** Along a segment *)

Section Segment.
Variables (n : nat) (x y : vector).
Hypotheses (hx : length x = n) (hy : length y = n).

Definition along (s : K F) : vector := comb (1 - s) x s y.
Definition slope (g : row) : K F := g y - g x.
Definition later (g : row) (s : K F) : K F := g x + s * slope g.

Lemma later_along g s : linear_on n g -> g (along s) = later g s.
Proof. intros hg. unfold along, later, slope. rewrite hg by assumption. ring. Qed.

Lemma later_more g s s' : later g s' = later g s + (s' - s) * slope g.
Proof. unfold later. ring. Qed.

(** Where one row is not negative is an interval. *)
Lemma halfline g lo hi : nonneg (hi - lo) ->
  (forall s, nonneg (s - lo) -> nonneg (hi - s) -> pos (- later g s))
  \/ exists lo' hi', nonneg (lo' - lo) /\ nonneg (hi' - lo') /\ nonneg (hi - hi')
     /\ (forall s, nonneg (s - lo') -> nonneg (hi' - s) -> nonneg (later g s))
     /\ (forall s, nonneg (s - lo) -> nonneg (hi - s) -> pos (lo' - s) \/ pos (s - hi') -> pos (- later g s)).
Proof.
  intros hlh. assert (z : nonneg 0) by apply nonneg_0.
  assert (same : forall a : K F, nonneg (a - a)) by (intros a; replace (a - a) with (0 : K F) by ring; exact z).
  assert (nowhere : forall a b : K F, nonneg a -> pos b -> b = - a -> False).
  { intros a b ha hb ->. now apply (not_negative a). }
  destruct (sign (slope g)) as [hm|[hm|hm]].
  - destruct (negative_or (later g lo)) as [ha|ha].
    + right. exists lo, hi. do 3 (split; [auto|]). split.
      * intros s h _. rewrite (later_more g lo s). apply nonneg_add; [exact ha|]. apply nonneg_mul; [exact h | apply hm].
      * intros s h h' [p|p]; exfalso; [apply (nowhere _ _ h p) | apply (nowhere _ _ h' p)]; ring.
    + destruct (negative_or (later g hi)) as [hb|hb].
      * right. set (r := lo + - later g lo * / slope g). assert (er : later g r = 0).
        { rewrite (later_more g lo r). unfold r. transitivity (later g lo - later g lo * (/ slope g * slope g)); [ring|].
          rewrite inverse_mul by apply hm. ring. }
        exists r, hi. split; [|split; [|split; [auto|split]]].
        -- replace (r - lo) with (- later g lo * / slope g) by (unfold r; ring). apply pos_nonneg, pos_mul; [exact ha | now apply pos_inverse].
        -- apply nonneg_divide with (slope g); [|exact hm]. replace (slope g * (hi - r)) with (later g hi); [exact hb|].
           rewrite (later_more g r hi), er. ring.
        -- intros s h _. rewrite (later_more g r s), er. replace (0 + (s - r) * slope g) with ((s - r) * slope g) by ring.
           apply nonneg_mul; [exact h | apply hm].
        -- intros s _ h' [p|p]; [|exfalso; apply (nowhere _ _ h' p); ring]. rewrite (later_more g r s), er.
           replace (- (0 + (s - r) * slope g)) with ((r - s) * slope g) by ring. now apply pos_mul.
      * left. intros s _ h'. rewrite (later_more g hi s). replace (- (later g hi + (s - hi) * slope g)) with (- later g hi + (hi - s) * slope g) by ring.
        apply pos_add; [exact hb|]. apply nonneg_mul; [exact h' | apply hm].
  - assert (e : forall s, later g s = g x) by (intros s; unfold later; rewrite hm; ring). destruct (negative_or (g x)) as [h|h].
    + right. exists lo, hi. do 3 (split; [auto|]). split; intros s h1 h2; [now rewrite e|].
      intros [p|p]; exfalso; [apply (nowhere _ _ h1 p) | apply (nowhere _ _ h2 p)]; ring.
    + left. intros s _ _. now rewrite e.
  - destruct (negative_or (later g hi)) as [ha|ha].
    + right. exists lo, hi. do 3 (split; [auto|]). split.
      * intros s _ h. rewrite (later_more g hi s). replace ((s - hi) * slope g) with ((hi - s) * - slope g) by ring.
        apply nonneg_add; [exact ha|]. apply nonneg_mul; [exact h | apply hm].
      * intros s h h' [p|p]; exfalso; [apply (nowhere _ _ h p) | apply (nowhere _ _ h' p)]; ring.
    + destruct (negative_or (later g lo)) as [hb|hb].
      * right. set (r := lo + later g lo * / - slope g). assert (er : later g r = 0).
        { rewrite (later_more g lo r). unfold r. transitivity (later g lo - later g lo * (/ - slope g * - slope g)); [ring|].
          rewrite inverse_mul by apply hm. ring. }
        exists lo, r. split; [auto|split; [|split; [|split]]].
        -- replace (r - lo) with (later g lo * / - slope g) by (unfold r; ring). apply nonneg_mul; [exact hb | now apply pos_nonneg, pos_inverse].
        -- apply nonneg_divide with (- slope g); [|exact hm]. replace (- slope g * (hi - r)) with (- later g hi); [now apply pos_nonneg|].
           rewrite (later_more g r hi), er. ring.
        -- intros s _ h. rewrite (later_more g r s), er. replace (0 + (s - r) * slope g) with ((r - s) * - slope g) by ring.
           apply nonneg_mul; [exact h | apply hm].
        -- intros s h' _ [p|p]; [exfalso; apply (nowhere _ _ h' p); ring|]. rewrite (later_more g r s), er.
           replace (- (0 + (s - r) * slope g)) with ((s - r) * - slope g) by ring. now apply pos_mul.
      * left. intros s h _. rewrite (later_more g lo s). replace (- (later g lo + (s - lo) * slope g)) with (- later g lo + (s - lo) * - slope g) by ring.
        apply pos_add; [exact hb|]. apply nonneg_mul; [exact h | apply hm].
Qed.

Definition inside (rows : list row) (s : K F) : Prop := Forall (fun g => nonneg (later g s)) rows.
Definition outside (rows : list row) (s : K F) : Prop := Exists (fun g => pos (- later g s)) rows.

Lemma not_both rows s : inside rows s -> outside rows s -> False.
Proof.
  intros hi ho. apply Exists_exists in ho. destruct ho as [g [hg h]]. unfold inside in hi. rewrite Forall_forall in hi.
  exact (not_negative _ (hi g hg) h).
Qed.

Lemma before_or s t : nonneg (t - s) \/ pos (s - t).
Proof. destruct (negative_or (t - s)) as [h|h]; [now left | right]. now replace (s - t) with (- (t - s)) by ring. Qed.

(** A segment has a last point in a cone, if it has any. *)
Lemma last_in_cone rows : forall lo hi, nonneg (hi - lo) ->
  (forall s, nonneg (s - lo) -> nonneg (hi - s) -> outside rows s)
  \/ exists s, nonneg (s - lo) /\ nonneg (hi - s) /\ inside rows s /\ forall s', pos (s' - s) -> nonneg (hi - s') -> outside rows s'.
Proof.
  induction rows as [|g rows IH]; intros lo hi hlh.
  - right. exists hi. split; [exact hlh|]. split; [replace (hi - hi) with (0 : K F) by ring; apply nonneg_0|]. split; [constructor|].
    intros s' hp hn. exfalso. apply (not_negative _ hn). now replace (- (hi - s')) with (s' - hi) by ring.
  - destruct (halfline g lo hi hlh) as [h|[lo' [hi' [h1 [h2 [h3 [hin hout]]]]]]]; [left; intros s hs hs'; left; now apply h|].
    destruct (IH lo' hi' h2) as [h|[s [hs1 [hs2 [hs3 hs4]]]]].
    + left. intros s hs hs'. destruct (before_or lo' s) as [a|a]; [|left; apply hout; auto].
      destruct (before_or s hi') as [b|b]; [right; now apply h | left; apply hout; auto].
    + right. exists s. split; [now apply nonneg_trans with lo'|]. split; [now apply nonneg_trans with hi'|]. split.
      { constructor; [now apply hin | exact hs3]. }
      intros s' hp hn. destruct (before_or s' hi') as [b|b]; [right; now apply hs4 | left; apply hout; auto].
      apply nonneg_trans with lo'; [exact h1|]. apply nonneg_trans with s; [exact hs1 | apply hp].
Qed.

(** And one in several cones. *)
Lemma last_in_cones (cones : list (list row)) s0 :
  nonneg s0 -> nonneg (1 - s0) -> Exists (fun rows => inside rows s0) cones ->
  exists s rows, nonneg s /\ nonneg (1 - s) /\ In rows cones /\ inside rows s
    /\ forall s', pos (s' - s) -> nonneg (1 - s') -> Forall (fun rows => outside rows s') cones.
Proof.
  intros h0 h1. assert (z0 : nonneg (s0 - 0)) by now replace (s0 - 0) with s0 by ring.
  assert (h10 : nonneg (1 - 0)) by (replace (1 - 0 : K F) with (1 : K F) by ring; apply pos_nonneg, pos_1).
  assert (each : forall cones, (forall s, nonneg s -> nonneg (1 - s) -> Forall (fun rows => outside rows s) cones) \/
    exists s rows, nonneg s /\ nonneg (1 - s) /\ In rows cones /\ inside rows s
      /\ forall s', pos (s' - s) -> nonneg (1 - s') -> Forall (fun rows => outside rows s') cones).
  { clear cones. induction cones as [|rows cones IH]; [left; constructor|].
    assert (e : forall s : K F, s - 0 = s) by (intros; ring).
    destruct (last_in_cone rows 0 1 h10) as [h|[s [a1 [a2 [a3 a4]]]]], IH as [h'|[t [rows' [b1 [b2 [b3 [b4 b5]]]]]]].
    - left. intros s hs hs'. constructor; [apply h; rewrite ?e; assumption | now apply h'].
    - right. exists t, rows'. do 2 (split; [assumption|]). split; [now right|]. split; [assumption|]. intros s' p q.
      constructor; [|now apply b5]. apply h; [|exact q]. rewrite e. replace s' with (s' - t + t) by ring. apply nonneg_add; [apply p | exact b1].
    - right. exists s, rows. rewrite e in a1. do 2 (split; [assumption|]). split; [now left|]. split; [assumption|]. intros s' p q.
      constructor; [now apply a4|]. apply h'; [|exact q]. replace s' with (s' - s + s) by ring. apply nonneg_add; [apply p | exact a1].
    - right. rewrite e in a1. destruct (before_or s t) as [c|c].
      + exists t, rows'. do 2 (split; [assumption|]). split; [now right|]. split; [assumption|]. intros s' p q.
        constructor; [|now apply b5]. apply a4; [|exact q]. replace (s' - s) with (s' - t + (t - s)) by ring. now apply pos_add.
      + exists s, rows. do 2 (split; [assumption|]). split; [now left|]. split; [assumption|]. intros s' p q.
        constructor; [now apply a4|]. apply b5; [|exact q]. replace (s' - t) with (s' - s + (s - t)) by ring. apply pos_add; [exact p | apply c]. }
  intros hx0. destruct (each cones) as [h|h]; [|exact h]. exfalso. specialize (h s0 h0 h1). apply Exists_exists in hx0.
  destruct hx0 as [rows [hr hi]]. rewrite Forall_forall in h. exact (not_both rows s0 hi (h rows hr)).
Qed.

(** What is positive at both ends is positive between them. *)
Lemma between g s : pos (g x) -> pos (g y) -> nonneg s -> nonneg (1 - s) -> pos (later g s).
Proof.
  intros ha hb h0 h1. replace (later g s) with ((1 - s) * g x + s * g y) by (unfold later, slope; ring).
  destruct (nonneg_cases s h0) as [->|h].
  - replace ((1 - 0) * g x + 0 * g y) with (g x) by ring. exact ha.
  - apply pos_add_r; [apply nonneg_mul; [exact h1 | apply ha] | now apply pos_mul].
Qed.

(** At the last point in a cone some row is 0, and negative at the end of the segment. *)
Lemma leaving rows s : inside rows s -> pos (1 - s) -> (forall s', pos (s' - s) -> nonneg (1 - s') -> outside rows s') ->
  exists g, In g rows /\ later g s = 0 /\ pos (- g y).
Proof.
  intros hi hs hout. destruct (exists_or_all (fun g : row => later g s = 0 /\ pos (- g y)) (fun g => later g s <> 0 \/ nonneg (g y)) rows) as [h|h].
  { intros g. destruct (decided F (later g s)); [|tauto]. destruct (negative_or (g y)); tauto. }
  { apply Exists_exists in h. destruct h as [g h]. now exists g. }
  exfalso. assert (hsm : exists e, pos e /\ soon e (fun d => nonneg (1 - s - d) -> inside rows (s + d))).
  { unfold inside in hi |- *. clear hout. induction rows as [|g rows IH]; [exists 1; split; [apply pos_1 | constructor]|].
    inversion_clear hi as [|? ? i1 i2]. inversion_clear h as [|? ? j1 j2]. assert (hg : exists e, pos e /\ soon e (fun d => nonneg (1 - s - d) -> nonneg (later g (s + d)))).
    { destruct j1 as [hne|hn].
      - destruct (small_one (later g s) (slope g)) as [e [he hsoon]]; [now split|]. exists e. split; [exact he|]. intros d hd hd' _.
        rewrite (later_more g s (s + d)). replace (s + d - s) with d by ring. now apply pos_nonneg, hsoon.
      - exists 1. split; [apply pos_1|]. intros d hd _ hd'. apply nonneg_divide with (1 - s); [|exact hs].
        replace ((1 - s) * later g (s + d)) with ((1 - s - d) * later g s + d * g y) by (unfold later, slope; ring).
        apply nonneg_add; apply nonneg_mul; auto. apply hd. }
    destruct (soon_both _ _ hg (IH i2 j2)) as [e [he hb]]. exists e. split; [exact he|]. intros d hd hd'.
    destruct (hb d hd hd') as [b1 b2]. intros h1. constructor; auto. }
  destruct hsm as [e [he hsoon]].
  assert (hd : exists d, pos d /\ nonneg (e - d) /\ nonneg (1 - s - d)).
  { destruct (before_or e (1 - s)) as [a|a].
    - exists e. split; [exact he|]. split; [replace (e - e) with (0 : K F) by ring; apply nonneg_0 | exact a].
    - exists (1 - s). split; [exact hs|]. split; [apply a|]. replace (1 - s - (1 - s)) with (0 : K F) by ring. apply nonneg_0. }
  destruct hd as [d [hd [hd1 hd2]]]. apply (not_both rows (s + d)).
  - now apply hsoon.
  - apply hout; [now replace (s + d - s) with d by ring|]. now replace (1 - (s + d)) with (1 - s - d) by ring.
Qed.

End Segment.
End Segments.
